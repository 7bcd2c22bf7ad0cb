"""Which TIFF files are not handled whatever their pixels are, and which lack some of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.limits import check_size
from imgclean.images.tiff.directory import read_directory

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

    from imgclean.images.limits import ReadRules
    from imgclean.images.tiff.directory import Header
    from imgclean.images.tiff.tags import Content, Layout, Tag

_SUBFILE_TYPE, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 254, 262, 271, 330, 50706
_REDUCED = 1
_RAW_PHOTOMETRICS = frozenset((32803, 34892))  # colour filter array, linear raw
_AS_STACK = "split it into single images first"


def refuse_raw(data: Content, layout: Layout, tags: tuple[Tag, ...]) -> None:
    """Refuse raw photos.

    Args:
        data: the file.
        layout: its byte order and size of offsets.
        tags: its first directory.

    Raises:
        UnsupportedImage: it is one.
    """
    if (
        _number(tags, _DNG_VERSION, layout) is not None
        or (_number(tags, _SUBFILE_TYPE, layout) or 0) & _REDUCED
        or _holds_raw(data, tags, layout)
    ):
        make = next((tag.value.strip(b" \x00") for tag in tags if tag.code == _MAKE), b"")
        named = f" ({make.decode('ascii', 'replace')})" if make else ""
        raise UnsupportedImage(
            f"a raw photo{named}, or a TIFF that begins with a preview",
            hint="develop it to TIFF, PNG or JPEG first",
        )


def refuse_stacks(data: Content, header: Header, file: TiffFile) -> None:
    """Refuse files of several images, previews not counted.

    Args:
        data: the file.
        header: its beginning.
        file: the same, opened.

    Raises:
        UnsupportedImage: there are several images.
    """
    if _count_images(data, header) > 1:
        raise UnsupportedImage("a TIFF of several images", hint=_AS_STACK)
    if file.series[0].size != file.pages.first.size:
        raise UnsupportedImage("a TIFF that holds a stack", hint=_AS_STACK)


def check_page_size(page: TiffPage, rules: ReadRules) -> None:
    """Refuse an image that is too large to be decoded as a whole, by its tags.

    Raises:
        UnreadableImage: a side is zero.
        UnsupportedImage: it is too large, or a tile of it, or it has too many channels.
    """
    check_size(page.imagewidth, page.imagelength, rules)
    if page.is_tiled:
        check_size(page.tilewidth, page.tilelength, rules)
    if page.nbytes > rules.max_file_bytes:
        raise UnsupportedImage(
            f"{page.imagewidth} x {page.imagelength} pixels of {page.samplesperpixel} samples "
            f"are more than {rules.max_file_bytes / 1e9:.1f} GB",
            hint="check that the file is what it claims to be; --max-pixels raises the limit",
        )


def require_whole(page: TiffPage, size: int) -> None:
    """Refuse an image of which a part is missing: tifffile would fill it with zeros.

    Args:
        page: the image.
        size: bytes of the file.

    Raises:
        UnreadableImage: a part is missing.
    """
    offsets, counts = page.dataoffsets, page.databytecounts
    if page.is_contiguous:
        counts = (page.nbytes,)
    elif min(len(offsets), len(counts)) < math.prod(page.chunked):
        raise UnreadableImage("damaged: it lists too few strips or tiles")
    for offset, count in zip(offsets, counts, strict=False):
        if offset <= 0 or count <= 0:
            raise UnreadableImage("damaged: a strip or tile of it is empty")
        if offset + count > size:
            raise UnreadableImage("truncated: it ends inside its pixels")


def _holds_raw(data: Content, tags: tuple[Tag, ...], layout: Layout) -> bool:
    offsets = next((tag.numbers(layout) for tag in tags if tag.code == _SUB_IFDS), ())
    for offset in offsets:
        try:
            below = read_directory(data, offset, layout).tags
        except UnreadableImage:
            continue
        if _number(below, _PHOTOMETRIC, layout) in _RAW_PHOTOMETRICS:
            return True
    return False


def _count_images(data: Content, header: Header) -> int:
    """Return how many images the file holds that are no previews; 2 means two or more."""
    images, offset, seen = 0, header.first, set[int]()
    while offset and offset not in seen and images < 2:
        seen.add(offset)
        directory = read_directory(data, offset, header.layout)
        kind = _number(directory.tags, _SUBFILE_TYPE, header.layout) or 0
        images += not kind & _REDUCED
        offset = directory.next
    return images


def _number(tags: tuple[Tag, ...], code: int, layout: Layout) -> int | None:
    tag = next((tag for tag in tags if tag.code == code), None)
    return None if tag is None else next(iter(tag.numbers(layout)), None)
