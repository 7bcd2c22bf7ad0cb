"""TIFF files of several images, or of one that is too large for memory: read plane by plane."""

from __future__ import annotations

import dataclasses
import math
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

from tifffile import TiffFile

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage, one_line
from imgclean.images.limits import ReadRules, check_size
from imgclean.images.tiff.directory import read_directory, read_header
from imgclean.images.tiff.file_slices import FileSlices
from imgclean.images.tiff.imagej import IJ_COUNTS, IJ_METADATA, imagej_tags_of_choice
from imgclean.images.tiff.page import check_page, record_of_page
from imgclean.images.tiff.plane import TiffPlane
from imgclean.images.tiff.refusals import refuse_raw, require_whole
from imgclean.images.tiff.stack_axes import StackAxes, read_axes, select_in_description
from imgclean.images.tiff.stack_writer import LARGEST_AT_ONCE
from imgclean.images.tiff.tags import ASCII, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tifffile import TiffPage

    from imgclean.images.tiff.directory import Header
    from imgclean.images.tiff.record import TiffRecord

_SUBFILE_TYPE, _DESCRIPTION, _SUB_IFDS, _XMP = 254, 270, 330, 700
_REDUCED = 1
_ANY_SIZE = ReadRules(max_pixels=sys.maxsize)  # a side of no pixels is refused all the same
_OF_STACK = frozenset((_DESCRIPTION, IJ_COUNTS, IJ_METADATA))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a plane is: the number of its directory, and how many planes into its pixels."""

    directory: int
    number: int


class TiffStack:
    """The planes of a TIFF file.

    Args:
        path: the file, open until `close`.
        rules: how large an image may be that cannot be read piece by piece.

    Attributes:
        axes: which plane is which.
        layout: the file's byte order and size of offsets.
        left_out: what of the file is not among the planes, in words.
        shares_directory: whether planes follow each other in the pixels of one directory, as
            ImageJ writes them.

    Raises:
        UnreadableImage: the file cannot be opened, or is damaged.
        UnsupportedImage: it is a raw photo, or of another kind that is not handled.
    """

    def __init__(self, path: Path, rules: ReadRules) -> None:
        with ExitStack() as opened:  # closes them if the file is refused
            self._slices = opened.enter_context(FileSlices(path))
            self._rules = rules
            self._header: Header = read_header(self._slices)
            self.layout = self._header.layout
            first = read_directory(self._slices, self._header.first, self.layout).tags
            refuse_raw(self._slices, self.layout, first)
            self._directories, previews = _directories(self._slices, self._header)
            smaller = previews or any(tag.code == _SUB_IFDS for tag in first)
            self.left_out = ("its smaller copies",) if smaller else ()
            self._file = opened.enter_context(TiffFile(path, is_ome=False))
            self._pages = self._find_pages()
            self._places = self._find_places()
            self.shares_directory = len(self._places) > len(self._directories)
            self.axes: StackAxes = read_axes(self.description, len(self._places))
            opened.pop_all()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def description(self) -> str:
        """The ImageDescription of the first page, empty if there is none."""
        tag = next((each for each in self.tags(0) if each.code == _DESCRIPTION), None)
        return tag.value.rstrip(b"\x00").decode("utf-8", "replace") if tag else ""

    @property
    def is_imagej(self) -> bool:
        """Whether ImageJ wrote it, or would read it by its description."""
        return self.description.startswith("ImageJ=")

    @property
    def xmp(self) -> bytes | None:
        """The XMP packet of the first page."""
        return next((tag.value for tag in self.tags(0) if tag.code == _XMP), None)

    @property
    def is_small(self) -> bool:
        """Whether the file holds one image that is better read as a whole."""
        return len(self) == 1 and self.plane_bytes(0) <= LARGEST_AT_ONCE

    def plane_bytes(self, index: int) -> int:
        """Return how many bytes a plane's samples take in the file's own type."""
        return int(self._page(index).nbytes)

    def plane_pixels(self, index: int) -> int:
        """Return how many pixels a plane has."""
        page = self._page(index)
        return int(page.imagewidth * page.imagelength)

    def plane(self, index: int) -> tuple[TiffPlane, TiffRecord]:
        """Return a plane and how it is held.

        Raises:
            UnreadableImage: it is damaged.
            UnsupportedImage: it is of a kind that is not handled; or it cannot be read piece by
                piece and is too large for the rules.
        """
        place = self._places[index]
        try:
            page = self._page(index)
            check_page(page)
            check_size(page.imagewidth, page.imagelength, _ANY_SIZE)
            require_whole(page, len(self._slices))
            record = record_of_page(page, self.layout, self.tags(place.directory))
            shift = place.number * int(page.nbytes)
            plane = TiffPlane(page, record, self._slices, shift=shift)
        except ImageError as error:
            if len(self) == 1:
                raise
            raise error.about(f"page {index + 1}") from error
        except Exception as error:  # parsers raise anything on damaged content
            raise UnreadableImage(f"page {index + 1}: damaged: {one_line(error)}") from error
        if plane.segment_bytes > LARGEST_AT_ONCE:
            check_size(plane.shape[1], plane.shape[0], self._rules)
        return plane, record

    def record_of_choice(self, record: TiffRecord, planes: Sequence[int]) -> TiffRecord:
        """Return the record of the first of a choice of planes, which describes the choice.

        Args:
            record: that plane's own.
            planes: those that stay, from 0 on.
        """
        tags = {tag.code: tag for tag in record.tags}
        tags |= {tag.code: tag for tag in self.tags(0) if tag.code in _OF_STACK}
        if _DESCRIPTION in tags:
            text = select_in_description(self.description, self.axes, planes)
            tags[_DESCRIPTION] = Tag(_DESCRIPTION, ASCII, text.encode() + b"\x00")
        if self._file.imagej_metadata and IJ_METADATA in tags:
            said = self._file.imagej_metadata
            tags |= imagej_tags_of_choice(said, self.axes, planes, self.layout)
        return dataclasses.replace(record, tags=tuple(tags.values()))

    def tags(self, directory: int) -> tuple[Tag, ...]:
        """Return all tags of a directory."""
        return read_directory(self._slices, self._directories[directory], self.layout).tags

    def directory_of(self, index: int) -> int:
        """Return the number of the directory that a plane belongs to."""
        return self._places[index].directory

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._slices.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _page(self, index: int) -> TiffPage:
        number = self._pages[self._places[index].directory]
        return cast("TiffPage", self._file.pages[number])

    def _find_pages(self) -> list[int]:
        """Return the numbers that tifffile gives the directories, previews being left out."""
        if len(self._file.pages) == len(self._directories):
            return list(range(len(self._directories)))
        wanted = set(self._directories)
        return [n for n, page in enumerate(self._file.pages) if page.offset in wanted]

    def _find_places(self) -> Sequence[_Place]:
        first = self._file.pages.first
        if first.is_stk or first.is_lsm:
            raise UnsupportedImage(
                f"a {'MetaMorph' if first.is_stk else 'Zeiss LSM'} stack",
                hint="convert it to OME-TIFF first, with Bio-Formats say",
            )
        if first.imagedepth != 1:
            raise UnsupportedImage(
                "a TIFF with volumes for pixels", hint="save it as a stack of pages first"
            )
        if len(self._directories) > 1:
            return [_Place(number, 0) for number in range(len(self._directories))]
        planes = math.prod(self._file.series[0].shape) // max(1, math.prod(first.shape))
        if planes > 1 and not first.is_final:
            raise UnsupportedImage("a stack whose pages are missing", hint="save it again")
        if planes > 1:
            last = first.dataoffsets[0] + planes * first.nbytes
            if last > len(self._slices):
                raise UnreadableImage("truncated: it ends inside its pixels")
        return [_Place(0, number) for number in range(planes)]


def _directories(slices: FileSlices, header: Header) -> tuple[list[int], int]:
    """Return where the directories of the file's images are, and how many are of previews."""
    found: list[int] = []
    seen: set[int] = set()
    offset = header.first
    previews = 0
    while offset and offset not in seen:
        seen.add(offset)
        directory = read_directory(slices, offset, header.layout)
        kind = next((tag for tag in directory.tags if tag.code == _SUBFILE_TYPE), None)
        if found and kind is not None and kind.numbers(header.layout)[0] & _REDUCED:
            previews += 1
        else:
            found.append(offset)
        offset = directory.next
    return found, previews
