"""The quality of JPEG streams as TIFF holds them: their tables may stand apart (TIFF's note 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage
from imgclean.images.jpeg.quality import QUANTISATION, quality_of_luma, table_sum
from imgclean.images.jpeg.segments import FRAME_HEADERS, parse_frame, read_segments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.images.jpeg.segments import Segment

_UNKNOWN_QUALITY = 90
_LOSSLESS_FRAME = 0xC3
_END = b"\xff\xd9"


def jpeg_quality(tables: bytes, stream: bytes) -> tuple[int, tuple[int, int]] | None:
    """Return about which quality, 1 to 100, and which chroma subsampling a JPEG was written with.

    None of a JPEG of the lossless process.

    Args:
        tables: a stream of tables that stands apart, or nothing.
        stream: of an image, or its beginning.
    """
    quality, subsampling = _UNKNOWN_QUALITY, (1, 1)
    for segment in (*_segments(tables), *_segments(stream)):
        if segment.marker == QUANTISATION and segment.payload[:1] in (b"\x00", b"\x10"):
            quality = quality_of_luma(table_sum(segment.payload))
        elif segment.marker == _LOSSLESS_FRAME:
            return None
        elif segment.marker in FRAME_HEADERS:
            luma, *chroma = parse_frame(segment).components
            if chroma and chroma[0].horizontal and chroma[0].vertical:
                subsampling = (
                    luma.horizontal // chroma[0].horizontal,
                    luma.vertical // chroma[0].vertical,
                )
    return quality, subsampling


def require_end(stream: bytes) -> None:
    """Refuse a JPEG without an end of image (EOI): libjpeg would fill what is missing with gray.

    Raises:
        UnreadableImage: it has none.
    """
    if _END not in stream:  # in compressed data a 0 follows every 0xFF
        raise UnreadableImage("truncated: a JPEG strip or tile of it has no end")


def _segments(stream: bytes) -> Iterator[Segment]:
    """Yield a JPEG's segments as far as they are there."""
    try:
        yield from read_segments(stream)
    except UnreadableImage:
        return
