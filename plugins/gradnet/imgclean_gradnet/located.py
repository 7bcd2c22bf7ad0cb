"""An image whose pixels know where they are, in every tile and however that is turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean import Raster, Window


class Located:
    """An image with two more channels: each pixel's position across and down.

    Args:
        raster: the image.
        rows, columns: pixels, along each axis, whose positions are -1 and 1; between and beyond
            them it grows evenly.
    """

    def __init__(
        self, raster: Raster, rows: tuple[float, float], columns: tuple[float, float]
    ) -> None:
        self._raster = raster
        self._rows = rows
        self._columns = columns

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = self._raster.shape
        return channels + 2, height, width

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w]."""
        across = _positions(self._columns, window.x, window.width)
        down = _positions(self._rows, window.y, window.height)
        shape = window.height, window.width
        planes = np.broadcast_to(across, shape), np.broadcast_to(down[:, None], shape)
        return np.concatenate([self._raster.read(window), np.stack(planes)])


def _positions(ends: tuple[float, float], start: int, length: int) -> NDArray[np.float32]:
    first, last = ends
    if first == last:
        return np.zeros(length, np.float32)
    pixels = np.arange(start, start + length, dtype=np.float64)
    return (2 * (pixels - first) / (last - first) - 1).astype(np.float32)
