"""Where the contents of items lie in a file: the `iloc` box (ISO/IEC 14496-12, clause 8.11.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from imgclean.errors import UnreadableImage

_IN_FILE, _INLINE = 0, 1


@dataclass(frozen=True, slots=True)
class Location:
    """Where the content of an item lies.

    Attributes:
        method: 0 in the file, 1 in the `idat` box.
        extents: position and length of each part; a length of 0 is up to the end.
    """

    method: int
    extents: tuple[tuple[int, int], ...]

    def content(self, data: bytes, inline: bytes) -> bytes:
        """Return the content.

        Args:
            data: the file.
            inline: what is in its `idat` box.

        Raises:
            UnreadableImage: it does not lie inside the file.
        """
        if self.method not in (_IN_FILE, _INLINE):
            return b""
        source = data if self.method == _IN_FILE else inline
        if any(start + length > len(source) for start, length in self.extents):
            raise UnreadableImage("truncated: it ends inside an image or its description")
        parts = (source[at : at + size] if size else source[at:] for at, size in self.extents)
        return b"".join(parts)


def read_locations(body: bytes) -> dict[int, Location]:
    """Return where the content of each item lies, from the content of an `iloc` box.

    Raises:
        struct.error, IndexError: it is too short.
    """
    return _Reader(body).locations() if body else {}


class _Reader:
    """Reads an `iloc` box's numbers, whose widths it states itself."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._version = body[0]
        self._position = 6

    def locations(self) -> dict[int, Location]:
        offset, length = self._body[4] >> 4, self._body[4] & 15
        base, index = self._body[5] >> 4, self._body[5] & 15
        wide = self._version == 2
        found = {}
        for _ in range(self._number(4 if wide else 2)):
            number = self._number(4 if wide else 2)
            method = self._number(2) & 15 if self._version else _IN_FILE
            outside = self._number(2)
            start = self._number(base)
            extents = []
            for _ in range(self._number(2)):
                self._number(index if self._version else 0)
                extents.append((start + self._number(offset), self._number(length)))
            if not outside:
                found[number] = Location(method, tuple(extents))
        return found

    def _number(self, width: int) -> int:
        end = self._position + width
        if end > len(self._body):
            raise struct.error("too short")
        value = int.from_bytes(self._body[self._position : end])
        self._position = end
        return value
