"""Files of the formats that are read and written as PNG, for the tables of docs/formats.md."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pillow_heif
from PIL import Image
from specimens import XMP, exif_block, palette, profile
from tiff_material import smooth_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

SAID = ("ICC", "EXIF + GPS", "XMP", "IPTC", "resolution")
SMOOTH = smooth_samples("uint8", (40, 48, 3))


def read_only() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield row, column, label and content of the files, as `Trial` has them."""
    yield from _gif()
    yield from _heif_files()


def _gif() -> Iterator[tuple[str, str, str, bytes]]:
    colours = palette("gif", 64)
    gray = BytesIO()
    Image.fromarray(SMOOTH[:, :, 0]).save(gray, "gif")
    yield ("gif", "gray", "gray", gray.getvalue())
    yield ("gif", "rgb", "rgb", colours)
    yield ("gif", "rgb", "rgb-alpha", palette("gif", 64, transparency=3))
    yield ("gif", "bits", "8", colours)
    yield ("gif", "lossless", "yes", colours)
    at = 13 + 3 * 2 ** ((colours[10] & 7) + 1)  # behind the header and its palette
    icc = profile("rgb")
    parts = (icc[n : n + 255] for n in range(0, len(icc), 255))
    blocks = b"".join(bytes((len(part),)) + part for part in parts)
    magic = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
    said = b"\x21\xff\x0bICCRGBG1012" + blocks + b"\x00\x21\xff\x0bXMP DataXMP" + XMP + magic
    for column in SAID:
        yield ("gif", column, "", colours[:at] + said + colours[at:])


def _heif_files() -> Iterator[tuple[str, str, str, bytes]]:
    colours = heif(SMOOTH)
    yield ("heif", "gray", "gray", heif(SMOOTH[:, :, 0]))
    yield ("heif", "rgb", "rgb", colours)
    yield ("heif", "rgb", "rgb-alpha", heif(smooth_samples("uint8", (40, 48, 4))))
    yield ("heif", "bits", "8", colours)
    yield ("heif", "lossless", "yes", colours)
    stream = BytesIO()
    deep = smooth_samples("uint16", (40, 48, 3), 65_535)
    pillow_heif.encode("RGB;16", (48, 40), deep.tobytes(), stream, quality=90)
    yield ("heif", "bits", "10", stream.getvalue())
    full = heif(SMOOTH, exif=b"Exif\x00\x00" + exif_block(), xmp=XMP, icc_profile=profile("rgb"))
    for column in SAID:
        yield ("heif", column, "", full)


def heif(first: np.ndarray, *others: np.ndarray, **said: bytes) -> bytes:
    """Return a file of one or of several images, compressed with loss."""
    file = pillow_heif.from_pillow(Image.fromarray(first))
    for each in others:
        file.add_from_pillow(Image.fromarray(each))
    stream = BytesIO()
    file.save(stream, **said)
    return stream.getvalue()
