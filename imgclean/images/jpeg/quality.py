"""About which quality libjpeg's tables of a file belong to."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from imgclean.images.jpeg.segments import read_segments

if TYPE_CHECKING:
    from collections.abc import Sequence

QUANTISATION = 0xDB
"""Marker of the segments that hold quantisation tables."""


def quality_of_luma(total: int) -> int:
    """Return the quality, 1 to 100, at which the sum of libjpeg's luma table is nearest to one."""
    return 1 + min(range(100), key=lambda i: abs(sum(_tables_by_quality()[i]) - total))


def is_of_libjpeg(table: Sequence[int], quality: int) -> bool:
    """Whether a luma table, in any order, has the steps of libjpeg's at a quality."""
    return tuple(sorted(table)) == _tables_by_quality()[quality - 1]


def table_sum(payload: bytes) -> int:
    """Return the sum of the first quantisation table of a DQT segment."""
    return sum(_table(payload))


def _table(payload: bytes) -> tuple[int, ...]:
    """Return the steps of the first table of a DQT segment (ITU-T T.81, B.2.4.1), rising."""
    kind = np.dtype(">u2") if payload[0] >> 4 else np.dtype(np.uint8)
    steps = np.frombuffer(payload[1 : 1 + 64 * kind.itemsize], kind)
    return tuple(sorted(steps.tolist()))


@cache
def _tables_by_quality() -> tuple[tuple[int, ...], ...]:
    """Return libjpeg's luma table at the qualities 1 to 100, its steps rising."""
    block = np.zeros((8, 8), np.uint8)
    tables = []
    for quality in range(1, 101):
        stream = bytes(imagecodecs.jpeg_encode(block, level=quality))
        table = next(each for each in read_segments(stream) if each.marker == QUANTISATION)
        tables.append(_table(table.payload))
    return tuple(tables)
