"""Gives a TIFF file that tifffile wrote the tags of another one: sub-directories and all."""

from __future__ import annotations

from io import SEEK_END
from typing import IO, TYPE_CHECKING

from imgclean.images.tiff.directory import read_directory, read_header, write_directory
from imgclean.images.tiff.file_slices import FileSlices
from imgclean.images.tiff.page import structure_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from imgclean.images.tiff.record import TiffRecord
    from imgclean.images.tiff.tags import Layout, Tag

_FRONT = 1 << 24  # bytes in which kept room is looked for


def replace_directories(
    path: Path, records: Sequence[TiffRecord], tags_of: Callable[[int], tuple[Tag, ...]]
) -> None:
    """Write new directories behind everything, in place of those that the file has.

    Args:
        path: the file.
        records: how each of its images is held.
        tags_of: what else is said of each.

    Raises:
        OSError: it cannot be written.
    """
    with FileSlices(path) as written, path.open("r+b") as stream:
        header = read_header(written)
        layout = header.layout
        at = _even(stream.seek(0, SEEK_END))
        _point(stream, layout, at)
        old = header.first
        for number, record in enumerate(records):
            directory = read_directory(written, old, layout)
            old = directory.next
            tags = (*structure_tags(directory.tags, record), *tags_of(number))
            length = len(write_directory(tags, layout, at))
            following = 0 if number == len(records) - 1 else _even(at + length)
            stream.seek(at)
            stream.write(write_directory(tags, layout, at, next=following))
            at = following


def replace_first_directory(
    path: Path, record: TiffRecord, tags: tuple[Tag, ...], mark: bytes
) -> None:
    """Write a new first directory where `mark` says that there is room, before the pixels.

    Offsets of 4 bytes reach it there, however large the file is.

    Raises:
        OSError: it cannot be written.
    """
    with FileSlices(path) as written, path.open("r+b") as stream:
        header = read_header(written)
        layout = header.layout
        structure = structure_tags(read_directory(written, header.first, layout).tags, record)
        at = _even(written[:_FRONT].index(mark))
        stream.seek(at)
        stream.write(write_directory((*structure, *tags), layout, at))
        _point(stream, layout, at)


def _point(stream: IO[bytes], layout: Layout, first: int) -> None:
    """Have the header name the first directory."""
    stream.seek(layout.offset.size)
    stream.write(layout.offset.pack(first))


def _even(offset: int) -> int:
    return offset + offset % 2
