"""The headers of BMP files: OS/2's and Windows' up to version 5 (wingdi.h, BITMAPV5HEADER)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from imgclean.errors import UnreadableImage

UNCOMPRESSED, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS = 0, 1, 2, 3, 6
"""Kinds of compression; `BITFIELDS` is none either, with masks that say where a colour lies."""

FILE_HEADER_BYTES = 14
V5_BYTES = 124
EMBEDDED, SRGB = b"DEBM", b"BGRs"
"""Types of a colour space, as their bytes stand in a file."""

_CORE_BYTES, _INFO_BYTES, _V2_BYTES, _V4_BYTES = 12, 40, 52, 108
_OS2 = frozenset((16, 64))
_DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True, slots=True)
class Said:
    """What a header says that is not about the layout of the pixels.

    Attributes:
        density: pixels per metre along the width and the height; 0 for unknown.
        space: colour space: type, end points and gamma (52 bytes); empty before version 4.
        intent: rendering intent.
        profile: embedded profile, or the name of one.
    """

    density: tuple[int, int]
    space: bytes = b""
    intent: int = 0
    profile: bytes = b""


@dataclass(frozen=True, slots=True)
class Header:
    """How a file holds its pixels.

    Attributes:
        width, height: pixels.
        top_down: whether the first row is the upper one.
        bits: of a pixel.
        compression: kind.
        masks: bits of red, green, blue and alpha in a pixel of 16 or 32 bits; 0 for no alpha.
        palette: blue, green, red and an unused byte for each index; empty without a palette.
        start: the byte that the pixels begin at.
        said: the rest.
    """

    width: int
    height: int
    top_down: bool
    bits: int
    compression: int
    masks: tuple[int, ...]
    palette: bytes
    start: int
    said: Said

    @property
    def stride(self) -> int:
        """Bytes from an uncompressed row to the next one."""
        return (self.width * self.bits + 31) // 32 * 4


def read_header(data: bytes) -> Header:
    """Return what a file's headers and its palette say.

    Raises:
        UnreadableImage: they are cut or contradict each other.
    """
    start, size = struct.unpack_from("<II", data.ljust(18, b"\x00"), 10)
    end = FILE_HEADER_BYTES + size
    if len(data) < end:
        raise UnreadableImage("truncated: it ends inside its header")
    info = _info(data[FILE_HEADER_BYTES:end], size)
    width, height, bits, compression, _, x, y, used = struct.unpack_from("<iixxHIIiiI", info, 4)
    masks, masks_end = _masks(data, info, size, bits, compression)
    palette = b""
    if bits <= 8:
        entry = 3 if size == _CORE_BYTES else 4
        length = entry * min(used or 1 << bits, 1 << bits)
        palette = data[masks_end : min(masks_end + length, start or len(data))]
        masks_end += len(palette)
        if entry == 3:
            palette = b"".join(palette[at : at + 3] + b"\x00" for at in range(0, len(palette), 3))
    start = start or masks_end
    if start < masks_end:
        raise UnreadableImage("damaged: its pixels begin inside its header")
    said = _said(data, info, size, (x, y))
    return Header(width, abs(height), height < 0, bits, compression, masks, palette, start, said)


def write_header(header: Header) -> bytes:
    """Return headers and palette of an uncompressed file; `start` is not looked at.

    Version 5 where there is alpha or a colour space, else version 3.
    """
    said = header.said
    pixels = header.stride * header.height
    size = V5_BYTES if header.masks[3] or said.space else _INFO_BYTES
    start = FILE_HEADER_BYTES + size + len(header.palette)
    colours = len(header.palette) // 4
    sides = (header.width, header.height, 1, header.bits, header.compression)
    info = struct.pack("<IiiHHIIiiII", size, *sides, pixels, *said.density, colours, 0)
    if size == V5_BYTES:
        info += struct.pack("<4I", *header.masks) + (said.space or SRGB.ljust(52, b"\x00"))
        profile_at = size + len(header.palette) + pixels if said.profile else 0
        info += struct.pack("<4I", said.intent, profile_at, len(said.profile), 0)
    file = struct.pack("<2sIHHI", b"BM", start + pixels + len(said.profile), 0, 0, start)
    return file + info + header.palette


def _info(stored: bytes, size: int) -> bytes:
    """Return a header in the form of version 5, what it lacks being 0."""
    if size == _CORE_BYTES:
        width, height, bits = struct.unpack("<4xHHxxH", stored)
        stored = struct.pack("<IiiHH", size, width, height, 1, bits)
    elif size not in _OS2 and size < _INFO_BYTES:
        raise UnreadableImage(f"damaged: a header of {size} bytes")
    return stored[: _INFO_BYTES if size in _OS2 else V5_BYTES].ljust(V5_BYTES, b"\x00")


def _masks(
    data: bytes, info: bytes, size: int, bits: int, compression: int
) -> tuple[tuple[int, ...], int]:
    """Return the masks, and where the headers end with those that stand behind them."""
    end = FILE_HEADER_BYTES + size
    if compression not in (BITFIELDS, ALPHA_BITFIELDS) or size in _OS2:
        return _DEFAULT_MASKS.get(bits, (0, 0, 0, 0)), end
    if size >= _V2_BYTES:  # the fourth mask came with version 3, of 56 bytes
        return struct.unpack_from("<4I", info, _INFO_BYTES), end
    count = 3 if compression == BITFIELDS else 4
    stored = data[end : end + 4 * count]
    if len(stored) < 4 * count:
        raise UnreadableImage("truncated: it ends inside its header")
    return struct.unpack("<4I", stored.ljust(16, b"\x00")), end + 4 * count


def _said(data: bytes, info: bytes, size: int, density: tuple[int, int]) -> Said:
    if size < _V4_BYTES:
        return Said(density)
    intent, profile_at, length = struct.unpack_from("<3I", info, _V4_BYTES)
    begin = FILE_HEADER_BYTES + profile_at
    profile = data[begin : begin + length] if profile_at else b""
    if profile_at and len(profile) < length:
        raise UnreadableImage("truncated: it ends inside its colour profile")
    return Said(density, info[56:_V4_BYTES], intent, profile)
