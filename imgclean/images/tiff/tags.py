"""The tags of TIFF files and of EXIF blocks, as bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 34665, 34853, 40965
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, LONG8 = 1, 2, 3, 4, 5, 7, 16

VALUE_BYTES = {
    **dict.fromkeys((1, 2, 6, 7), 1),
    **dict.fromkeys((3, 8), 2),
    **dict.fromkeys((4, 9, 11, 13), 4),
    **dict.fromkeys((5, 10, 12, 16, 17, 18), 8),
}
"""How many bytes a value of each type takes."""

_NUMBER_BYTES = {**VALUE_BYTES, 5: 4, 10: 4}  # a rational is two numbers


class Content(Protocol):
    """A file's bytes: in memory, or read from the disk slice by slice."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes | memoryview: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """How numbers stand in a file.

    Attributes:
        order: `<` little endian, `>` big endian.
        big: whether it is a BigTIFF, with offsets of 8 bytes.
    """

    order: Literal["<", ">"]
    big: bool = False

    @property
    def offset(self) -> struct.Struct:
        """An offset in the file."""
        return struct.Struct(self.order + ("Q" if self.big else "I"))

    @property
    def count(self) -> struct.Struct:
        """How many tags a directory has."""
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        """A tag's code, type and number of values."""
        return struct.Struct(self.order + ("HHQ" if self.big else "HHI"))


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag.

    Attributes:
        code, type: numbers, as TIFF has them.
        value: its bytes, in the byte order of the file.
        directory: the tags of the directory that it points to, if it does; then `value` is empty.
    """

    code: int
    type: int
    value: bytes
    directory: tuple[Tag, ...] | None = None

    def numbers(self, layout: Layout) -> tuple[int, ...]:
        """Return the values of an integer or rational tag (numerators and denominators)."""
        letter = {1: "B", 2: "H", 4: "I", 8: "Q"}[_NUMBER_BYTES[self.type]]
        width = struct.calcsize(letter)
        return struct.unpack(f"{layout.order}{len(self.value) // width}{letter}", self.value)


def reordered(tags: Sequence[Tag], source: Layout, target: Layout) -> tuple[Tag, ...]:
    """Return tags with their values in the byte order of another layout.

    Values of undefined type stay: what is in them is not known. Tags that the layout cannot
    hold (64-bit numbers outside BigTIFF) are left out.
    """
    kept = [tag for tag in tags if target.big or tag.type < LONG8 or tag.directory is not None]
    return tuple(_reordered(tag, source, target) for tag in kept)


def _reordered(tag: Tag, source: Layout, target: Layout) -> Tag:
    if tag.directory is not None:
        return replace(tag, directory=reordered(tag.directory, source, target))
    width = _NUMBER_BYTES[tag.type]
    if source.order == target.order or width == 1:
        return tag
    value = bytearray(len(tag.value))
    for byte in range(width):
        value[byte::width] = tag.value[width - 1 - byte :: width]
    return replace(tag, value=bytes(value))
