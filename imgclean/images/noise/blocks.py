"""The blocks of one channel that its noise is estimated from, and their cosine transforms."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 8
"""Pixels along each side of a block."""
_SMALL = 500_000
_HARDLY, _FEW = 0.1, 100
_FLAT = (0.3 / 255) ** 2

MOST_CLIPPED = 0.25
"""Share of a block's pixels that may be black or white to the last."""


def _cosines() -> NDArray[np.float32]:
    """Return the orthonormal DCT of `SIDE` samples, float32[frequency, sample]."""
    frequency, place = np.arange(SIDE)[:, None], np.arange(SIDE)
    matrix = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * place + 1) * frequency / (2 * SIDE))
    matrix[0] /= math.sqrt(2)
    cosines: NDArray[np.float32] = matrix.astype(np.float32)
    return cosines


COSINES = _cosines()
FREQUENCY: NDArray[np.int64] = np.add.outer(np.arange(SIDE), np.arange(SIDE)).ravel()
"""Sum of the frequencies down and across of each coefficient of a block."""
_TRANSFORM = np.kron(COSINES, COSINES).T.copy()


@dataclass(frozen=True, slots=True)
class Blocks:
    """What is known of each usable block of a channel.

    Attributes:
        energies: float32[n, 64], squared DCT coefficients; those of white noise all have its
            variance.
        mean: float32[n], of the pixels.
        around: float32[n], mean of the eight blocks around it.
        roughness: float32[n], what varies in and among the blocks around it. It says whether the
            block is likely flat, without having seen its noise.
        clipped: float32[n], share of the pixels that are black or white to the last.
    """

    energies: NDArray[np.float32]
    mean: NDArray[np.float32]
    around: NDArray[np.float32]
    roughness: NDArray[np.float32]
    clipped: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.mean)

    def telling(self) -> Blocks:
        """Return those that are hardly clipped and not perfectly flat; all, if those are few.

        A block that JPEG or a camera's smoothing has left without any detail hides its noise.
        """
        varied = self.energies[:, 1:].mean(axis=1)
        kept = (self.clipped <= _HARDLY) & (varied > _FLAT)
        if kept.sum() < _FEW:
            return self
        return Blocks(*(getattr(self, each.name)[kept] for each in fields(self)))


def blocks_of(tiles: NDArray[np.float32]) -> Blocks:
    """Return the blocks of one channel that have eight others around them.

    Of a small image these are also those that begin half a block further.

    Args:
        tiles: float32[n, h, w], nominally in [0, 1]; what is 0 or 1 counts as clipped.
    """
    shifts = (0, SIDE // 2) if tiles.size <= _SMALL else (0,)
    grids = [_grid(tiles[:, y:, x:]) for y in shifts for x in shifts]
    if len(grids) == 1:
        return grids[0]
    names = [each.name for each in fields(Blocks)]
    return Blocks(*(np.concatenate([getattr(each, name) for each in grids]) for name in names))


def _grid(tiles: NDArray[np.float32]) -> Blocks:
    count, height, width = tiles.shape
    down, across = height // SIDE, width // SIDE
    cut = tiles[:, : down * SIDE, : across * SIDE]
    cut = cut.reshape(count, down, SIDE, across, SIDE).transpose(0, 1, 3, 2, 4)
    pixels = np.ascontiguousarray(cut).reshape(count, down, across, SIDE**2)
    energies = np.square(pixels @ _TRANSFORM)
    mean = pixels.mean(axis=3)
    clipped = ((pixels <= 0) | (pixels >= 1)).mean(axis=3, dtype=np.float32)
    varied = energies[..., 1:].mean(axis=3)
    means, variances = _around(mean), _around(varied)
    clipped_around = _around(clipped).mean(axis=0)
    # of the eight two may hold an edge's end
    roughness = np.partition(variances, 5, axis=0)[5] + means.var(axis=0)
    inner = (slice(None), slice(1, -1), slice(1, -1))
    usable = (clipped[inner] <= MOST_CLIPPED) & (clipped_around <= MOST_CLIPPED)
    return Blocks(
        energies[inner][usable],
        mean[inner][usable],
        means.mean(axis=0)[usable],
        roughness[usable],
        clipped[inner][usable],
    )


def _around(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[8, n, h - 2, w - 2] of float32[n, h, w]: what lies around each inner one."""
    height, width = (side - 2 for side in values.shape[1:])
    return np.stack(
        [
            values[:, y : y + height, x : x + width]
            for y in range(3)
            for x in range(3)
            if (y, x) != (1, 1)
        ]
    )
