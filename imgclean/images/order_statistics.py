"""Percentiles of more samples than fit into memory, exact to float32.

Radix selection: float32 bit patterns, suitably flipped, sort like the numbers that they stand
for. One pass counts the upper halves of the patterns, a second one the lower halves within the
few upper halves that the wanted ranks fall into.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

_HALF = 1 << 16
_SIGN = np.uint32(0x80000000)
_LARGEST = float(np.finfo(np.float32).max)
_CHUNK = 1 << 20  # samples whose patterns are in memory at once


def percentiles(
    batches: Callable[[], Iterable[NDArray[Any]]], percents: Sequence[float]
) -> list[float]:
    """Return the percentiles of all samples, linear between neighbours.

    Args:
        batches: gives the samples, of any number type and shape; called twice.
        percents: 0 to 100.

    Raises:
        ValueError: there are no samples.
    """
    upper = np.zeros(_HALF, np.int64)
    for patterns in _patterns(batches()):
        upper += np.bincount(patterns >> 16, minlength=_HALF)
    total = int(upper.sum())
    if total == 0:
        raise ValueError("no samples")
    places = [percent / 100 * (total - 1) for percent in percents]
    ranks = sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})
    values = _select(batches, ranks, np.cumsum(upper))
    return [
        values[math.floor(place)]
        + (place - math.floor(place)) * (values[math.ceil(place)] - values[math.floor(place)])
        for place in places
    ]


def _select(
    batches: Callable[[], Iterable[NDArray[Any]]],
    ranks: Sequence[int],
    cumulative: NDArray[np.int64],
) -> dict[int, float]:
    """Return the samples at these ranks, counted from 0."""
    bins = {rank: int(np.searchsorted(cumulative, rank, side="right")) for rank in ranks}
    lower = {each: np.zeros(_HALF, np.int64) for each in set(bins.values())}
    for patterns in _patterns(batches()):
        high = patterns >> 16
        for each, counts in lower.items():
            counts += np.bincount(patterns[high == each] & (_HALF - 1), minlength=_HALF)
    values = {}
    for rank, each in bins.items():
        before = int(cumulative[each - 1]) if each else 0
        low = int(np.searchsorted(np.cumsum(lower[each]), rank - before, side="right"))
        values[rank] = _number(each << 16 | low)
    return values


def _patterns(batches: Iterable[NDArray[Any]]) -> Iterable[NDArray[np.uint32]]:
    """Yield the samples as integers that sort like them."""
    for batch in batches:
        flat = batch.reshape(-1)
        for start in range(0, flat.size, _CHUNK):
            part = flat[start : start + _CHUNK]
            if part.dtype == np.float64:
                part = np.clip(part, -_LARGEST, _LARGEST)
            bits = part.astype(np.float32).view(np.uint32)
            yield np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _number(pattern: int) -> float:
    bits = pattern & 0x7FFFFFFF if pattern >> 31 else ~pattern & 0xFFFFFFFF
    return float(np.array([bits], np.uint32).view(np.float32)[0])
