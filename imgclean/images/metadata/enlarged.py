"""What metadata say of an image that was enlarged: densities and sizes in pixels grow with it.

Blocks keep their length wherever they can, so that what points into them stays right.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Literal

from imgclean.errors import UnreadableImage
from imgclean.images.tiff.directory import read_header
from imgclean.images.tiff.tags import EXIF_IFD, LONG, RATIONAL, SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.images.tiff.tags import Layout

DENSITIES = frozenset((282, 283, 41486, 41487))
"""XResolution, YResolution and those of the sensor's plane (CIPA DC-008)."""

SIDES = frozenset((256, 257, 40962, 40963))
"""ImageWidth, ImageLength, PixelXDimension and PixelYDimension."""

_LARGEST = {SHORT: (1 << 16) - 1, LONG: (1 << 32) - 1}
_FORMATS: dict[int, Literal["H", "I"]] = {SHORT: "H", LONG: "I"}
_XMP_DENSITY = re.compile(
    rb"(\b(?:tiff|exif):(?:FocalPlane)?[XY]Resolution(?:=[\"']|>)\s*)(\d+)(?=/\d)"
)
_XMP_SIDE = re.compile(
    rb"(\b(?:tiff:Image(?:Width|Length)|exif:Pixel[XY]Dimension)(?:=[\"']|>)\s*)(\d+)"
)


def enlarged_rational(numerator: int, denominator: int, scale: int) -> tuple[int, int]:
    """Return a fraction of 32-bit numbers times `scale`; as it is where there is no such one."""
    if numerator * scale <= _LARGEST[LONG]:
        return numerator * scale, denominator
    if denominator % scale == 0:
        return numerator, denominator // scale
    return numerator, denominator


def enlarged_value(code: int, kind: int, value: bytes, layout: Layout, scale: int) -> bytes:
    """Return the value of a TIFF or EXIF tag, of its length; most are not about the size."""
    order = layout.order
    if code in DENSITIES and kind == RATIONAL and len(value) == 8:
        numerator, denominator = struct.unpack(f"{order}II", value)
        return struct.pack(f"{order}II", *enlarged_rational(numerator, denominator, scale))
    if code in SIDES and kind in _FORMATS and len(value) == struct.calcsize(_FORMATS[kind]):
        (side,) = struct.unpack(order + _FORMATS[kind], value)
        if side * scale <= _LARGEST[kind]:
            return struct.pack(order + _FORMATS[kind], side * scale)
    return value


def enlarged_exif(block: bytes | None, scale: int) -> bytes | None:
    """Return an EXIF block of the enlarged image; a damaged one as it is.

    What it says of the thumbnail stays.
    """
    if block is None:
        return None
    try:
        header = read_header(block)
    except UnreadableImage:
        return block
    changed = bytearray(block)
    for code, kind, at, size in _values(block, header.first, header.layout):
        value = block[at : at + size]
        changed[at : at + size] = enlarged_value(code, kind, value, header.layout, scale)
    return bytes(changed)


def enlarged_packet(xmp: bytes | None, scale: int) -> bytes | None:
    """Return an XMP packet of the enlarged image, by the prefixes that every program uses."""
    if xmp is None:
        return None

    def larger(found: re.Match[bytes]) -> bytes:
        return found[1] + str(int(found[2]) * scale).encode()

    return _XMP_SIDE.sub(larger, _XMP_DENSITY.sub(larger, xmp))


def _values(
    block: bytes, directory: int, layout: Layout, *, deeper: bool = True
) -> Iterator[tuple[int, int, int, int]]:
    """Yield code, type, place and length of each short, long or single rational value."""
    sizes = {SHORT: 2, LONG: 4, RATIONAL: 8}
    if not 0 < directory <= len(block) - 2:
        return
    (count,) = struct.unpack_from(f"{layout.order}H", block, directory)
    for number in range(count):
        entry = directory + 2 + 12 * number
        if entry + 12 > len(block):
            return
        code, kind, values, field = struct.unpack_from(f"{layout.order}HHII", block, entry)
        if code == EXIF_IFD and deeper:
            yield from _values(block, field, layout, deeper=False)
        elif kind in sizes and values == 1:
            at = field if kind == RATIONAL else entry + 8
            if at + sizes[kind] <= len(block):
                yield code, kind, at, sizes[kind]
