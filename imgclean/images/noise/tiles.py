"""The parts of an image that its noise is estimated from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from imgclean.extension.requests import Window
from imgclean.images.noise.blocks import SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster

_TILE = 16 * SIDE
_TILES = 81
_WHOLE = 2 * _TILES * _TILE**2
"""Pixels up to which all of an image is looked at."""

_NARROWEST = 3 * SIDE
"""Pixels along a side without which no block has others around it."""
_LOWEST, _HIGHEST = -3.0, 4.0


def read_tiles(raster: Raster) -> NDArray[np.float32]:
    """Return float32[C, n, h, w]: the whole image, or parts of a large one, evenly spread.

    Samples far outside of [0, 1] are brought near it, and those that are no number are 0.
    """
    windows = tile_windows(*raster.shape[1:])
    first = windows[0]
    tiles = np.empty((raster.shape[0], len(windows), first.height, first.width), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # of float64 beyond float32
        for number, window in enumerate(windows):
            np.clip(raster.read(window), _LOWEST, _HIGHEST, out=tiles[:, number])
    if np.isnan(tiles.min()):
        np.nan_to_num(tiles, copy=False)
    return tiles


def tile_windows(height: int, width: int) -> Sequence[Window]:
    """Return parts of an image, all of one size, that begin on JPEG's grid, row by row."""
    if height * width <= _WHOLE:
        return [Window(0, 0, width, height)]
    high, wide = _tile_side(height, width), _tile_side(width, height)
    down = max(1, round(math.sqrt(_TILES * height / width))) if wide == high else _TILES
    across = max(1, round(_TILES / down)) if wide == high else _TILES
    rows, columns = (
        np.linspace(0, side - part, max(1, min(count, side // part))).astype(int) // SIDE * SIDE
        for side, part, count in ((height, high, down), (width, wide, across))
    )
    return [Window(int(x), int(y), wide, high) for y in rows for x in columns]


def _tile_side(side: int, other: int) -> int:
    """Return how far a tile reaches along a side; along a strip it is longer than wide."""
    if other >= _TILE:
        return min(side, _TILE)
    return min(side, _TILE**2 // max(other, _NARROWEST) // SIDE * SIDE)
