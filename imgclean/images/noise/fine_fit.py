"""The line of white noise, from the finest detail of all blocks that coarser detail lets pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgclean.images.noise.blocks import FREQUENCY, SIDE
from imgclean.images.noise.clipping import before_clipping
from imgclean.images.noise.variance_fit import VarianceLine, least_squares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.noise.blocks import Blocks

_FINEST = FREQUENCY >= 10
_MIDDLE = (FREQUENCY >= 6) & ~_FINEST
_COARSE = (FREQUENCY > 0) & (FREQUENCY <= 5)
_BANDS = np.stack([each / each.sum() for each in (_FINEST, _MIDDLE, _COARSE)], axis=1)
_OF_BANDS: NDArray[np.float32] = _BANDS.astype(np.float32)
_FREEDOM = int(_FINEST.sum())
_TO_MEAN = (1 - 2 / (9 * _FREEDOM)) ** -3
"""Mean over median of the finest detail of white noise."""

_MIDDLE_EDGES = (1.0, 1.2)
_COARSE_EDGES = (1.5, 4.0, 16.0)
_KINDS = len(_MIDDLE_EDGES) * (len(_COARSE_EDGES) + 1)
_FEWEST = 60
_FEWEST_OF_KIND = 8
_FEWEST_FLATTEST = 30
_OUTLYING = 2.0
_STEPS = 10
_ONE_LIGHT = 3.0
"""Variance of blocks' means, over that of their noise, below which they are of one intensity."""


@dataclass(frozen=True, slots=True)
class _Detail:
    """Blocks that count, by what a line expects of them.

    Attributes:
        intensity: float64[n], before clipping.
        expected: float64[n], variance of the noise on the line.
        relative: float64[n], the finest detail over what the line and rounding make of it.
        kind: int64[n], by how much middle and coarse detail there is.
    """

    intensity: NDArray[np.float64]
    expected: NDArray[np.float64]
    relative: NDArray[np.float64]
    kind: NDArray[np.int64]


def fit_fine_line(blocks: Blocks, line: VarianceLine, rounding: float) -> VarianceLine:
    """Return the line of white noise.

    A block counts if its middle frequencies have no more than noise makes of them; they say of its
    finest ones what texture they hold, without having seen their noise. By those and by coarser
    detail blocks are of some kinds. Of each kind the finest detail is so many times the noise, at
    all intensities, and a kind's blocks count by how alike they are. Thus the texture that is left
    does not tilt the line, and edges and shades in dark places need not be left out. If all blocks
    are of one intensity nothing says how noise grows with light, and it counts as even.

    Args:
        blocks: of the channel.
        line: about where it is.
        rounding: variance that rounding has added.
    """
    bands = (blocks.energies @ _OF_BANDS).astype(np.float64)
    for _ in range(_STEPS):
        detail = _detail(blocks, bands, line, rounding)
        if len(detail.kind) < _FEWEST:
            break
        line = _step(detail)
    return line


def _detail(
    blocks: Blocks, bands: NDArray[np.float64], line: VarianceLine, rounding: float
) -> _Detail:
    """Return the blocks that count, of each kind those that do not stick out."""
    intensity, left = before_clipping(blocks.mean, line)
    expected = line.at(intensity)
    finest, middle, coarse = (bands / (expected * left + rounding)[:, None]).T
    by_middle = np.searchsorted(_MIDDLE_EDGES, middle)
    kind = by_middle * (len(_COARSE_EDGES) + 1) + np.searchsorted(_COARSE_EDGES, coarse)
    most = np.zeros(_KINDS + 1)
    for each in range(_KINDS):
        of_kind = finest[kind == each]
        if len(of_kind) >= _FEWEST_OF_KIND:
            most[each] = _OUTLYING * _TO_MEAN * np.median(of_kind)
    counted = finest <= most[np.minimum(kind, _KINDS)]
    counted &= by_middle < len(_MIDDLE_EDGES)
    return _Detail(intensity[counted], expected[counted], finest[counted], kind[counted])


def _step(detail: _Detail) -> VarianceLine:
    """Return a line of least squares through the finest detail, of each kind's texture freed."""
    count = np.maximum(np.bincount(detail.kind, minlength=_KINDS), 1e-9)
    mean = np.bincount(detail.kind, detail.relative, _KINDS) / count
    square = np.bincount(detail.kind, detail.relative**2, _KINDS) / count
    mean = np.maximum(mean, 1e-3)
    spread = np.maximum(square / mean**2 - 1, 2 / _FREEDOM)
    # the first kind is the flattest
    unit = mean[0] if count[0] >= _FEWEST_FLATTEST else np.average(mean, weights=count)
    noise = detail.relative * detail.expected * (unit / mean)[detail.kind]
    weights = 1 / (spread[detail.kind] * detail.expected**2)
    if detail.intensity.var() < _ONE_LIGHT * detail.expected.mean() / SIDE**2:
        level = float(np.average(noise, weights=weights))
        return VarianceLine(level, level)
    return least_squares(detail.intensity, noise, weights)
