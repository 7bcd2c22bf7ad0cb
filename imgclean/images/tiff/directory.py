"""The tag directories (IFDs) of TIFF files and of EXIF blocks, as bytes.

Only tags are read and written here, never pixels. A directory is taken as it stands in the
file, so that tags that nobody knows are kept too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from imgclean.errors import UnreadableImage
from imgclean.images.tiff.tags import (
    EXIF_IFD,
    GPS_IFD,
    INTEROPERABILITY_IFD,
    LONG,
    LONG8,
    VALUE_BYTES,
    Content,
    Layout,
    Tag,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_POINTERS = frozenset((EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD))
_DEEPEST = 3


class Header(NamedTuple):
    """The beginning of a file: its layout and where its first directory is."""

    layout: Layout
    first: int


class Directory(NamedTuple):
    """A directory's tags, and where the next one is (0 if nowhere)."""

    tags: tuple[Tag, ...]
    next: int


def read_header(data: Content) -> Header:
    """Return the layout of a TIFF file or EXIF block.

    Raises:
        UnreadableImage: it is none.
    """
    order: Literal["<", ">"] = "<" if data[:2] == b"II" else ">"
    magic = data[2:4] if order == ">" else bytes(data[2:4])[::-1]
    layout = Layout(order, big=magic == b"\x00+")
    start = 8 if layout.big else 4
    if data[:2] not in (b"II", b"MM") or magic not in (b"\x00*", b"\x00+") or len(data) < start * 2:
        raise UnreadableImage("damaged: no TIFF header")
    return Header(layout, layout.offset.unpack(data[start : start * 2])[0])


def read_directory(data: Content, offset: int, layout: Layout, *, depth: int = 0) -> Directory:
    """Return the directory at `offset`, with those of EXIF and GPS tags that it points to.

    Tags of unknown types and pointers to nowhere are passed over.

    Raises:
        UnreadableImage: the directory or a value of it does not lie inside the file.
    """
    start = offset + layout.count.size
    if not 0 < offset <= len(data) - layout.count.size:
        raise UnreadableImage("truncated or damaged: a directory lies outside the file")
    (count,) = layout.count.unpack(data[offset:start])
    size = layout.entry.size + layout.offset.size
    end = start + count * size
    if end > len(data):
        raise UnreadableImage("truncated or damaged: a directory reaches beyond the file")
    entries = bytes(data[start:end])  # at once: the content may be a file
    found = (
        _read_tag(data, entries[at : at + size], layout, depth)
        for at in range(0, end - start, size)
    )
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
            kind = LONG8 if layout.big else LONG
            at = heap_at + len(heap)
            value = layout.offset.pack(at)
            heap += write_directory(tag.directory, layout, at)
        elif len(value) > layout.offset.size:
            at = heap_at + len(heap)
            heap += value
            value = layout.offset.pack(at)
        heap += bytes(len(heap) % 2)
        number = 1 if tag.directory is not None else len(tag.value) // VALUE_BYTES[kind]
        entries.append(layout.entry.pack(tag.code, kind, number))
        entries.append(value.ljust(layout.offset.size, b"\x00"))
    entries.append(layout.offset.pack(next))
    body = b"".join(entries)
    return body + bytes(heap_at - offset - len(body)) + heap


def _read_tag(data: Content, entry: bytes, layout: Layout, depth: int) -> Tag | None:
    field = entry[layout.entry.size :]
    code, kind, count = layout.entry.unpack(entry[: layout.entry.size])
    if kind not in VALUE_BYTES or count == 0:
        return None
    size = count * VALUE_BYTES[kind]
    if code in _POINTERS and count == 1 and depth < _DEEPEST and size <= len(field):
        pointer = int.from_bytes(field[:size], "little" if layout.order == "<" else "big")
        if pointer == 0:
            return None
        return Tag(code, kind, b"", read_directory(data, pointer, layout, depth=depth + 1).tags)
    if size <= len(field):
        return Tag(code, kind, field[:size])
    (start,) = layout.offset.unpack(field)
    if start + size > len(data):
        raise UnreadableImage(f"truncated or damaged: tag {code} lies outside the file")
    return Tag(code, kind, bytes(data[start : start + size]))
