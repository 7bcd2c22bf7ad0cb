"""Compressions of TIFF that can lose something: how much a page lost, and how to ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import UnreadableImage
from imgclean.images.tiff.jpeg import jpeg_quality

if TYPE_CHECKING:
    from tifffile import TiffPage

JPEGS = frozenset((7, 33007))
WEBPS = frozenset((34927, 50001))
JPEG_2000S = frozenset((33004, 33005, 34712))
JPEG_XLS = frozenset((50002, 52546))

_PNG = 34933
IMAGE_CODECS = JPEGS | WEBPS | JPEG_2000S | JPEG_XLS | {_PNG}
"""Compressions that see an image rather than bytes. tifffile hands them samples in the byte order
of the file, which they take for native or refuse."""

WRITTEN_AS = {33007: 7}
"""What stands for compressions that are read only."""

_JPEG_BITS = 12
_DEFAULT_QUALITY = 90
_SUBSAMPLINGS = frozenset(((1, 1), (2, 1), (2, 2), (4, 1)))  # what tifffile writes
_CODING_STYLE, _TRANSFORMATION_AT, _REVERSIBLE = b"\xff\x52", 13, 1  # ITU-T T.800, A.6.1
_FIRST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Loss:
    """How pixels are compressed with loss.

    Attributes:
        quality: 1 to 100, about.
        subsampling: how many times more luma than chroma samples a JPEG has, along the width and
            along the height.
    """

    quality: int = _DEFAULT_QUALITY
    subsampling: tuple[int, int] = (1, 1)


def loss_of_page(page: TiffPage) -> Loss | None:
    """Return how much a page lost, by the first of its strips or tiles; None if nothing.

    A JPEG XL is taken for one that lost nothing: one that did is told by its pixels only.

    Raises:
        UnreadableImage: it has no pixels.
    """
    compression = int(page.compression)
    if compression in JPEGS:
        found = jpeg_quality(page.jpegtables or b"", _first_bytes(page))
        if found is None:
            return None
        quality, subsampling = found
        return Loss(quality, subsampling if subsampling in _SUBSAMPLINGS else (1, 1))
    if compression in WEBPS:
        return None if b"VP8L" in _first_bytes(page)[:64] else Loss()
    if compression in JPEG_2000S:
        return None if _is_reversible(_first_bytes(page)) else Loss()
    return None


def compression_arguments(compression: int, loss: Loss | None, bits: int | None) -> dict[str, Any]:
    """Return the arguments of imagecodecs' encoder for a compression, by tifffile.

    Args:
        compression: its number.
        loss: how much it may lose; None for nothing.
        bits: of a sample, where below those of the samples' type.
    """
    arguments: dict[str, Any] = {}
    if bits is not None and compression in JPEGS | JPEG_2000S | JPEG_XLS:
        arguments["bitspersample"] = bits
    if compression in JPEGS | WEBPS:
        arguments["lossless"] = loss is None
    if loss is None:
        return arguments
    if compression in JPEGS | WEBPS | JPEG_XLS:
        arguments["level"] = loss.quality
    elif compression in JPEG_2000S:
        arguments |= {"level": peak_ratio(loss.quality), "reversible": False}
    return arguments


def can_lose(compression: int) -> bool:
    """Whether a compression can be asked for a quality."""
    return compression in JPEGS | WEBPS | JPEG_2000S | JPEG_XLS


def is_encodable(
    compression: int, dtype: np.dtype[Any], interleaved: int, bits: int | None
) -> bool:
    """Whether samples can be written with a compression.

    Args:
        compression: its number.
        dtype: the samples' type.
        interleaved: samples of a pixel that are encoded together.
        bits: of a sample, where below those of the samples' type.
    """
    if compression in JPEGS:
        return dtype == np.uint8 or bits == _JPEG_BITS
    if compression in WEBPS:
        return dtype == np.uint8 and interleaved in (3, 4)
    if compression in JPEG_2000S:
        return dtype.kind == "u"
    if compression in JPEG_XLS:
        return dtype != np.float64
    if compression == _PNG:
        return dtype.kind == "u" and interleaved <= 4 and bits is None
    return bits is None


def peak_ratio(quality: int) -> float:
    """Return the signal-to-noise ratio in dB that stands for a quality in JPEG 2000: 30 to 50."""
    return 30 + quality / 5


def _first_bytes(page: TiffPage) -> bytes:
    if not page.dataoffsets or not page.databytecounts:
        raise UnreadableImage("damaged: it has no pixels")
    file = page.parent.filehandle
    file.seek(int(page.dataoffsets[0]))
    read: bytes = file.read(min(int(page.databytecounts[0]), _FIRST_BYTES))
    return read


def _is_reversible(codestream: bytes) -> bool:
    at = codestream.find(_CODING_STYLE)
    return at >= 0 and codestream[at + _TRANSFORMATION_AT : at + 14] == bytes((_REVERSIBLE,))
