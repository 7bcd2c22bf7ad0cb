"""The tag directories (IFDs) of TIFF files and of EXIF blocks, as bytes.

Only tags are read and written here, never pixels. A directory is taken as it stands in the
file, so that tags that nobody knows are kept too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 34665, 34853, 40965
_POINTERS = frozenset((EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD))
_DEEPEST = 3
_LONG, _LONG8 = 4, 16

# Bytes of a value of each type, and the width at which its bytes swap.
_TYPES: dict[int, tuple[int, int]] = {
    **{1: (1, 1), 2: (1, 1), 3: (2, 2), 4: (4, 4), 5: (8, 4), 6: (1, 1), 7: (1, 1), 8: (2, 2)},
    **{9: (4, 4), 10: (8, 4), 11: (4, 4), 12: (8, 8), 13: (4, 4)},
    **{16: (8, 8), 17: (8, 8), 18: (8, 8)},
}


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


class Header(NamedTuple):
    """The beginning of a file: its layout and where its first directory is."""

    layout: Layout
    first: int


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
        letter = {1: "B", 2: "H", 4: "I", 8: "Q"}[_TYPES[self.type][1]]
        width = struct.calcsize(letter)
        return struct.unpack(f"{layout.order}{len(self.value) // width}{letter}", self.value)


class Directory(NamedTuple):
    """A directory's tags, and where the next one is (0 if nowhere)."""

    tags: tuple[Tag, ...]
    next: int


def read_header(data: bytes) -> Header:
    """Return the layout of a TIFF file or EXIF block.

    Raises:
        UnreadableImage: it is none.
    """
    order: Literal["<", ">"] = "<" if data[:2] == b"II" else ">"
    magic = data[2:4] if order == ">" else data[3:1:-1]
    layout = Layout(order, big=magic == b"\x00+")
    start = 8 if layout.big else 4
    if data[:2] not in (b"II", b"MM") or magic not in (b"\x00*", b"\x00+") or len(data) < start * 2:
        raise UnreadableImage("damaged: no TIFF header")
    return Header(layout, layout.offset.unpack_from(data, start)[0])


def read_directory(data: bytes, offset: int, layout: Layout, *, depth: int = 0) -> Directory:
    """Return the directory at `offset`, with those of EXIF and GPS tags that it points to.

    Tags whose values lie outside the file are passed over, as every reader does.

    Raises:
        UnreadableImage: the directory itself does not lie inside the file.
    """
    start = offset + layout.count.size
    if not 0 < offset <= len(data) - layout.count.size:
        raise UnreadableImage("truncated or damaged: a directory lies outside the file")
    (count,) = layout.count.unpack_from(data, offset)
    size = layout.entry.size + layout.offset.size
    end = start + count * size
    if end > len(data):
        raise UnreadableImage("truncated or damaged: a directory reaches beyond the file")
    found = (_read_tag(data, at, layout, depth) for at in range(start, end, size))
    following = data[end : end + layout.offset.size]
    whole = len(following) == layout.offset.size
    return Directory(
        tuple(tag for tag in found if tag is not None),
        layout.offset.unpack(following)[0] if whole else 0,
    )


def write_directory(tags: Iterable[Tag], layout: Layout, offset: int, *, next: int = 0) -> bytes:  # noqa: A002 - TIFF's own term
    """Return the directory's bytes, with values and sub-directories, to be put at `offset`.

    Args:
        tags: in any order.
        layout: that of the tags' values.
        offset: where it will stand; even.
        next: where the next directory is.
    """
    ordered = sorted(tags, key=lambda tag: tag.code)
    entries = [layout.count.pack(len(ordered))]
    heap = b""
    size = layout.entry.size + layout.offset.size
    heap_at = offset + layout.count.size + len(ordered) * size + layout.offset.size
    heap_at += heap_at % 2
    for tag in ordered:
        value = tag.value
        kind = tag.type
        if tag.directory is not None:
            kind = _LONG8 if layout.big else _LONG
            at = heap_at + len(heap)
            value = layout.offset.pack(at)
            heap += write_directory(tag.directory, layout, at)
        elif len(value) > layout.offset.size:
            at = heap_at + len(heap)
            heap += value
            value = layout.offset.pack(at)
        heap += bytes(len(heap) % 2)
        number = 1 if tag.directory is not None else len(tag.value) // _TYPES[kind][0]
        entries.append(layout.entry.pack(tag.code, kind, number))
        entries.append(value.ljust(layout.offset.size, b"\x00"))
    entries.append(layout.offset.pack(next))
    body = b"".join(entries)
    return body + bytes(heap_at - offset - len(body)) + heap


def reordered(tags: Sequence[Tag], source: Layout, target: Layout) -> tuple[Tag, ...]:
    """Return tags with their values in the byte order of another layout.

    Values of undefined type stay: what is in them is not known. Tags that the layout cannot
    hold (64-bit numbers outside BigTIFF) are left out.
    """
    kept = [tag for tag in tags if target.big or tag.type < _LONG8 or tag.directory is not None]
    return tuple(_reordered(tag, source, target) for tag in kept)


def _reordered(tag: Tag, source: Layout, target: Layout) -> Tag:
    if tag.directory is not None:
        return replace(tag, directory=reordered(tag.directory, source, target))
    width = _TYPES[tag.type][1]
    if source.order == target.order or width == 1:
        return tag
    value = bytearray(len(tag.value))
    for byte in range(width):
        value[byte::width] = tag.value[width - 1 - byte :: width]
    return replace(tag, value=bytes(value))


def _read_tag(data: bytes, at: int, layout: Layout, depth: int) -> Tag | None:
    code, kind, count = layout.entry.unpack_from(data, at)
    if kind not in _TYPES or count == 0:
        return None
    size = count * _TYPES[kind][0]
    start = at + layout.entry.size
    if code in _POINTERS and count == 1 and depth < _DEEPEST and size <= layout.offset.size:
        pointer = int.from_bytes(data[start : start + size], _ENDIANS[layout.order])
        try:
            below = read_directory(data, pointer, layout, depth=depth + 1)
        except UnreadableImage:
            return None
        return Tag(code, kind, b"", below.tags)
    if size > layout.offset.size:
        (start,) = layout.offset.unpack_from(data, start)
    if start + size > len(data):
        return None
    return Tag(code, kind, data[start : start + size])


_ENDIANS: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}
