"""About which quality libjpeg's tables of a file belong to."""

from __future__ import annotations

from functools import cache

import imagecodecs
import numpy as np

from imgclean.images.jpeg.segments import read_segments

QUANTISATION = 0xDB
"""Marker of the segments that hold quantisation tables."""


def quality_of_luma(total: int) -> int:
    """Return the quality, 1 to 100, at which the sum of libjpeg's luma table is nearest to one."""
    return 1 + min(range(100), key=lambda i: abs(_sums_by_quality()[i] - total))


def table_sum(payload: bytes) -> int:
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
        table = next(each for each in read_segments(stream) if each.marker == QUANTISATION)
        sums.append(table_sum(table.payload))
    return tuple(sums)
