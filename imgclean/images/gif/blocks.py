"""The blocks that a GIF file is made of (GIF89a specification, CompuServe 1990)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from imgclean.errors import UnreadableImage

_EXTENSION, _IMAGE, _TRAILER = b"!", b",", b";"
_SCREEN_AT, _SCREEN_BYTES = 6, 7
_CONTROL, _APPLICATION = 0xF9, 0xFF
_INTERLACED = 0x40
# What an XMP packet is followed by, so that it can be skipped as blocks (XMP part 3, 1.1.2).
_XMP_END = bytes((1, *range(255, -1, -1), 0))


@dataclass(frozen=True, slots=True)
class Frame:
    """One image.

    Attributes:
        left, top, width, height: its place on the canvas.
        interlaced: whether its rows come in four passes.
        palette: red, green and blue of each index; empty without a palette.
        transparent: the index that is not to be seen, or None.
        body: its compressed pixels, from the size of the first code on.
    """

    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    palette: bytes
    transparent: int | None
    body: bytes


def screen_size(data: bytes) -> tuple[int, int]:
    """Return width and height of the canvas, as the beginning of a file says.

    Raises:
        UnreadableImage: it ends before.
    """
    if len(data) < _SCREEN_AT + _SCREEN_BYTES:
        raise UnreadableImage("truncated: it ends inside its header")
    width, height = struct.unpack_from("<HH", data, _SCREEN_AT)
    return width, height


class Blocks:
    """What the blocks of a file say.

    Attributes:
        width, height: of the canvas, grown to hold the first image.
        first: the first image.
        count: how many images there are.
        icc, xmp: as in `Metadata`.

    Raises:
        UnreadableImage: the file is cut, or its blocks are damaged.
    """

    def __init__(self, data: bytes) -> None:
        self.first: Frame | None = None
        self.count = 0
        self.icc: bytes | None = None
        self.xmp: bytes | None = None
        self._data = data
        self._transparent: int | None = None
        self.width, self.height = screen_size(data)
        flags = data[_SCREEN_AT + 4]
        self._palette = self._take(_SCREEN_AT + _SCREEN_BYTES, _palette_bytes(flags))
        position = _SCREEN_AT + _SCREEN_BYTES + len(self._palette)
        while position < len(data) and data[position : position + 1] != _TRAILER:
            position = self._read_block(position)

    def _read_block(self, position: int) -> int:
        """Read a block and return where the next one begins."""
        sign = self._take(position, 1)
        if sign == _IMAGE:
            return self._read_image(position + 1)
        if sign == _EXTENSION:
            return self._read_extension(position + 1)
        if sign == b"\x00":  # some writers end a block twice
            return position + 1
        raise UnreadableImage(f"damaged: no block begins at byte {position}")

    def _read_image(self, position: int) -> int:
        left, top, width, height, flags = struct.unpack("<4HB", self._take(position, 9))
        palette = self._take(position + 9, _palette_bytes(flags))
        start = position + 9 + len(palette)
        end = self._skip(start + 1)  # behind the size of the first code
        self.count += 1
        if self.first is None:
            self.width, self.height = max(self.width, left + width), max(self.height, top + height)
            place = left, top, width, height, bool(flags & _INTERLACED)
            body = self._data[start:end]
            self.first = Frame(*place, palette or self._palette, self._transparent, body)
        return end

    def _read_extension(self, position: int) -> int:
        label = self._take(position, 1)[0]
        start = position + 1
        end = self._skip(start)
        if label == _CONTROL and end - start >= 6:
            self._transparent = self._data[start + 4] if self._data[start + 1] & 1 else None
        if label == _APPLICATION:
            name, content = self._data[start + 1 : start + 12], self._data[start + 12 : end]
            if name == b"XMP DataXMP" and content.endswith(_XMP_END):
                self.xmp = content.removesuffix(_XMP_END)
            if name == b"ICCRGBG1012":
                self.icc = _joined(content)
        return end

    def _skip(self, position: int) -> int:
        """Return where a chain of sub-blocks ends."""
        while True:
            length = self._take(position, 1)[0]
            position += 1 + length
            if not length:
                return position

    def _take(self, position: int, length: int) -> bytes:
        taken = self._data[position : position + length]
        if len(taken) < length:
            raise UnreadableImage("truncated: it ends inside a block")
        return taken


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _joined(chain: bytes) -> bytes:
    """Return what a chain of sub-blocks holds."""
    parts = []
    position = 0
    while position < len(chain) and chain[position]:
        parts.append(chain[position + 1 : position + 1 + chain[position]])
        position += 1 + chain[position]
    return b"".join(parts)
