"""Which TIFF files are not handled, told before their pixels are decoded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.tiff_directory import read_directory
from imgclean.images.tiff_record import MIN_IS_BLACK, MIN_IS_WHITE, RGB

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

    from imgclean.images.tiff_directory import Header
    from imgclean.images.tiff_tags import Layout, Tag

LOSSLESS_COMPRESSIONS = frozenset((1, 5, 8, 32773, 32946, 34925, 50000))
"""None, LZW, deflate, PackBits, deflate by its old number, LZMA, zstd."""

DTYPES = frozenset(("uint8", "uint16", "float32"))

_SUBFILE_TYPE, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 254, 262, 271, 330, 50706
_REDUCED = 1
_RAW_PHOTOMETRICS = frozenset((32803, 34892))  # colour filter array, linear raw
_AS_STACK = "split it into single images first"


def refuse_raw_and_stacks(data: bytes, header: Header, tags: tuple[Tag, ...]) -> None:
    """Refuse raw photos and files of several images by their directories.

    Args:
        data: the file.
        header: its beginning.
        tags: its first directory.

    Raises:
        UnsupportedImage: it is one or the other.
    """
    layout = header.layout
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
    if _count_images(data, header) > 1:
        raise UnsupportedImage("a TIFF of several images", hint=_AS_STACK)


def refuse_unsupported(file: TiffFile, page: TiffPage) -> None:
    """Refuse an image whose samples are of a kind that is not handled.

    Raises:
        UnsupportedImage: it is.
    """
    if page.imagedepth != 1 or file.series[0].size != page.size:
        raise UnsupportedImage("a TIFF that holds a stack", hint=_AS_STACK)
    photometric = _name(page.photometric)
    if page.photometric not in (MIN_IS_WHITE, MIN_IS_BLACK, RGB):
        raise UnsupportedImage(
            f"a TIFF with {photometric} colours", hint="convert it to gray or RGB first"
        )
    dtype = "unknown" if page.dtype is None else page.dtype.name
    if dtype not in DTYPES or not dtype.endswith(str(page.bitspersample)):
        raise UnsupportedImage(
            f"a TIFF of {dtype} samples with {page.bitspersample} bits",
            hint=f"convert it to one of {', '.join(sorted(DTYPES))} first",
        )
    if page.compression not in LOSSLESS_COMPRESSIONS:
        raise UnsupportedImage(
            f"a TIFF with {_name(page.compression)} compression",
            hint="save it with LZW, deflate, zstd or no compression first",
        )
    extra = page.samplesperpixel - (3 if page.photometric == RGB else 1)
    if extra not in (0, 1):
        raise UnsupportedImage(
            f"a TIFF of {page.samplesperpixel} channels ({photometric})",
            hint="split it into gray or RGB images first",
        )
    if page.photometric == MIN_IS_WHITE and dtype == "float32":
        raise UnsupportedImage("a TIFF of floats in which 0 is white", hint="invert it first")


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


def _holds_raw(data: bytes, tags: tuple[Tag, ...], layout: Layout) -> bool:
    offsets = next((tag.numbers(layout) for tag in tags if tag.code == _SUB_IFDS), ())
    for offset in offsets:
        try:
            below = read_directory(data, offset, layout).tags
        except UnreadableImage:
            continue
        if _number(below, _PHOTOMETRIC, layout) in _RAW_PHOTOMETRICS:
            return True
    return False


def _count_images(data: bytes, header: Header) -> int:
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


def _name(value: int) -> str:
    return str(getattr(value, "name", value))
