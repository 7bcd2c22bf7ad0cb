"""EXIF blocks: what PNG and JPEG hold whole and TIFF spreads over its own directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage
from imgclean.images.tiff.directory import read_directory, read_header, write_directory
from imgclean.images.tiff.tags import EXIF_IFD, GPS_IFD, Layout, reordered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgclean.images.tiff.tags import Tag

# Tags of a TIFF's directory that EXIF has in its own first directory (CIPA DC-008, table 4), that
# Windows and printers' software put there, and on the exposure, which TIFF/EP has in the first.
_SHARED = frozenset(
    (
        *(269, 270, 271, 272, 274, 282, 283, 296, 301, 305, 306, 315, 316, 318, 319, 529, 531, 532),
        *(18246, 18249, *range(40091, 40096), 50341),
        *(33434, 33437, 34850, 34855, 36867, 36868, *range(37377, 37387)),
        *(33432, EXIF_IFD, GPS_IFD),
    )
)
_HEADER_BYTES = 8
_ORIENTATION = 274


def exif_block(tags: Iterable[Tag], layout: Layout) -> bytes | None:
    """Return an EXIF block that says what a TIFF's directory says; None if it says nothing."""
    small = Layout(layout.order)
    shared = reordered([tag for tag in tags if tag.code in _SHARED], layout, small)
    if not shared:
        return None
    head = (b"II*\x00" if small.order == "<" else b"MM\x00*") + small.offset.pack(_HEADER_BYTES)
    return head + write_directory(shared, small, _HEADER_BYTES)


def exif_tags(block: bytes) -> tuple[Layout, tuple[Tag, ...]]:
    """Return the byte order and the tags of an EXIF block's first directory.

    The second directory, of a thumbnail, is left out. A damaged block has no tags.
    """
    try:
        header = read_header(block)
        return header.layout, read_directory(block, header.first, header.layout).tags
    except UnreadableImage:
        return Layout("<"), ()


def orientation_block(block: bytes | None) -> bytes | None:
    """Return an EXIF block that says how to turn the image, as `block` does, and nothing else."""
    layout, tags = exif_tags(block or b"")
    turned = [tag for tag in tags if tag.code == _ORIENTATION and tag.numbers(layout) != (1,)]
    return exif_block(turned, layout)
