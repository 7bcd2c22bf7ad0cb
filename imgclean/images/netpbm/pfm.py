"""PFM: portable float maps, gray and RGB, float32 (www.pauldebevec.com/Research/HDR/PFM).

Read and written by code of its own, which is shorter than what would keep a library in check:
Pillow reads gray only and drops the scale.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgclean.errors import UnreadableImage
from imgclean.images.limits import check_size
from imgclean.images.picture import Metadata, Picture

if TYPE_CHECKING:
    from imgclean.images.limits import ReadRules

_HEADER = re.compile(rb"P([Ff])\s+(\d{1,10})\s+(\d{1,10})\s+([-+.\deE]{1,40})\s")
_CHANNELS = {b"F": 3, b"f": 1}


@dataclass(frozen=True, slots=True)
class PfmRecord:
    """How a file holds its samples.

    Attributes:
        scale: as it stands in the file: below 0 for little-endian samples; its absolute value is
            what a sample is to be multiplied with for a physical quantity.
    """

    scale: bytes

    def stripped(self) -> PfmRecord:
        """Return the record: without the scale the samples would mean something else."""
        return self

    def enlarged(self, scale: int) -> PfmRecord:  # noqa: ARG002 - it says nothing of sizes
        """Return the record."""
        return self


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image of a file: float32, not multiplied with the file's scale.

    Raises:
        UnreadableImage: it is cut or damaged.
        UnsupportedImage: it has more pixels than the rules allow.
    """
    header = _HEADER.match(data)
    if header is None:
        raise UnreadableImage("truncated or damaged: its header is not whole")
    width, height, channels = int(header[2]), int(header[3]), _CHANNELS[header[1]]
    check_size(width, height, rules)
    count = width * height * channels
    end = header.end() + 4 * count
    if len(data) < end:
        raise UnreadableImage(f"truncated: {end - len(data)} bytes of its samples are missing")
    if data[end:].strip():
        raise UnreadableImage("damaged: it goes on behind its last row")
    stored = np.frombuffer(data, _stored_type(header[4]), count, header.end())
    samples = stored.reshape(height, width, channels)[::-1].astype(np.float32)
    metadata = Metadata(own=PfmRecord(header[4]))
    return Picture(samples, alpha=False, format="pfm", metadata=metadata)


def encode(picture: Picture, quality: int | None) -> bytes:  # noqa: ARG001 - PFM loses nothing
    """Return a file with the byte order and the scale that were read."""
    own = picture.metadata.own
    record = own if isinstance(own, PfmRecord) else PfmRecord(b"-1.0")
    height, width, channels = picture.samples.shape
    magic = b"PF" if channels == 3 else b"Pf"
    head = b"%s\n%d %d\n%s\n" % (magic, width, height, record.scale)
    return head + picture.samples[::-1].astype(_stored_type(record.scale)).tobytes()


def _stored_type(scale: bytes) -> str:
    try:
        number = float(scale)
    except ValueError:
        number = 0.0
    if not number or not math.isfinite(number):
        raise UnreadableImage(f"damaged: {scale.decode('ascii')} as its scale")
    return "<f4" if number < 0 else ">f4"
