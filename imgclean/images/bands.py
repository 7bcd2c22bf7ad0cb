"""Collects windows of an image into bands of whole rows, from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.extension.requests import Window


class Bands:
    """Takes windows in any order and hands on each band of rows as soon as it is whole.

    A window at the origin begins the image anew, as when it is computed again in another
    precision: rows that were handed on stay, the others are expected again.

    Args:
        shape: height, width, channels.
        dtype: sample type.
        rows: of a band; the last one may have fewer.
        take: gets (rows, W, C) of each band, from top to bottom.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        rows: int,
        take: Callable[[NDArray[Any]], None],
    ) -> None:
        self._shape = shape
        self._dtype = dtype
        self._rows = rows
        self._take = take
        self._open: dict[int, NDArray[Any]] = {}
        self._missing: dict[int, int] = {}
        self._next = 0

    def write(self, window: Window, samples: NDArray[Any]) -> None:
        """Store (h, w, C)."""
        if window.x == 0 and window.y == 0:
            self._open.clear()
        last = (window.y + window.height - 1) // self._rows
        for band in range(max(self._next, window.y // self._rows), last + 1):
            top = band * self._rows
            if band not in self._open:
                self._begin(band)
            first = max(window.y, top)
            after = min(window.y + window.height, top + self._rows)
            self._open[band][first - top : after - top, window.x : window.x + window.width] = (
                samples[first - window.y : after - window.y]
            )
            self._missing[band] -= (after - first) * window.width
        while self._next in self._open and self._missing[self._next] <= 0:
            self._take(self._open.pop(self._next))
            self._next += 1

    def _begin(self, band: int) -> None:
        height, width, channels = self._shape
        rows = min(self._rows, height - band * self._rows)
        self._open[band] = np.empty((rows, width, channels), self._dtype)
        self._missing[band] = rows * width
