"""The quality of JPEG streams as TIFF holds them: their tables may stand apart (TIFF's note 2)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from imgclean.errors import UnreadableImage
from imgclean.images.jpeg.segments import FRAME_HEADERS, parse_frame, read_segments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.images.jpeg.segments import Segment

_UNKNOWN_QUALITY = 90
_QUANTISATION, _LOSSLESS_FRAME = 0xDB, 0xC3
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
        if segment.marker == _QUANTISATION and segment.payload[:1] in (b"\x00", b"\x10"):
            quality = _quality(_table_sum(segment.payload))
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


def _table_sum(payload: bytes) -> int:
    """Return the sum of the first quantisation table of a DQT segment (ITU-T T.81, B.2.4.1)."""
    kind = np.dtype(">u2") if payload[0] >> 4 else np.dtype(np.uint8)
    return int(np.frombuffer(payload[1 : 1 + 64 * kind.itemsize], kind).sum())


@cache
def _sums_by_quality() -> tuple[int, ...]:
    """Return the sum of libjpeg's luma table at the qualities 1 to 100."""
    block = np.zeros((8, 8), np.uint8)
    sums = []
    for quality in range(1, 101):
        stream = bytes(imagecodecs.jpeg_encode(block, level=quality))
        table = next(each for each in read_segments(stream) if each.marker == _QUANTISATION)
        sums.append(_table_sum(table.payload))
    return tuple(sums)


def _quality(table_sum: int) -> int:
    """Return the quality at which libjpeg's luma table is nearest to one of that sum."""
    return 1 + min(range(100), key=lambda i: abs(_sums_by_quality()[i] - table_sum))
