"""Noise variance as a straight line over intensity, fitted to what flat blocks show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPREAD = 0.15
"""Relative error of a group's variance that is taken for chance."""
_STEEP = 9.0
_SHAPES = np.concatenate([[0.0], 1 / (1 + np.exp(-np.linspace(-_STEEP, _STEEP, 91))), [1.0]])
_STEPS = 12
_LEAST = 1e-10


@dataclass(frozen=True, slots=True)
class VarianceLine:
    """Variance p (1 - x) + q x of noise at intensity x in [0, 1].

    Attributes:
        black, white: p and q, the variances at both ends; neither is negative.
    """

    black: float
    white: float

    @property
    def slope(self) -> float:
        """The a of a x + b."""
        return self.white - self.black

    @property
    def mean_square(self) -> float:
        """Scale of the line, for comparing with."""
        return (self.black + self.white) / 2

    def at(self, intensity: NDArray[Any]) -> NDArray[Any]:
        """Return the variance at intensities; those beyond [0, 1] count as its ends."""
        x = np.clip(intensity, 0, 1)
        variance: NDArray[Any] = np.maximum(self.black * (1 - x) + self.white * x, _LEAST)
        return variance

    def scaled(self, factor: float) -> VarianceLine:
        """Return the line of so many times the variance."""
        return VarianceLine(self.black * factor, self.white * factor)


@dataclass(frozen=True, slots=True)
class Groups:
    """Variances of blocks of about one intensity, taken together.

    Attributes:
        intensity: float64[n], of the blocks.
        variance: float64[n].
        weight: float64[n], how much a group counts.
    """

    intensity: NDArray[np.float64]
    variance: NDArray[np.float64]
    weight: NDArray[np.float64]


def fit_line(groups: Groups) -> VarianceLine:
    """Return the line that most groups lie on, but for those above it, whose blocks hold texture.

    For each shape of the line, from constant to proportional, its scale is found by reweighted
    means of the logarithm; the shape with the smallest robust error gives the weights of a last
    weighted least squares with neither end below 0.
    """
    variance = np.maximum(groups.variance, _LEAST)
    x = groups.intensity
    shapes = (1 - _SHAPES)[:, None] * (1 - x) + _SHAPES[:, None] * x
    logarithms = np.log(variance / np.maximum(shapes, 1e-4))
    order = np.argsort(logarithms, axis=1)
    shares = np.cumsum(groups.weight[order], axis=1) / groups.weight.sum()
    first = np.argmax(shares >= 0.3, axis=1)
    scale = np.take_along_axis(logarithms, np.take_along_axis(order, first[:, None], 1), 1)
    for _ in range(_STEPS):
        weights = groups.weight / (1 + _error(logarithms - scale))
        scale = (weights * logarithms).sum(axis=1, keepdims=True) / weights.sum(1, keepdims=True)
    errors = _error(logarithms - scale)
    best = int(np.argmin((groups.weight * np.log1p(errors)).sum(axis=1)))
    fitted = math.exp(scale[best, 0]) * np.maximum(shapes[best], 1e-4)
    return least_squares(x, variance, groups.weight / (1 + errors[best]) / fitted**2)


def _error(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared residuals in units of chance; those below the line count half."""
    return np.where(residual > 0, 1.0, 0.5) * np.square(residual / _SPREAD)


def least_squares(
    x: NDArray[np.float64], variance: NDArray[np.float64], weights: NDArray[np.float64]
) -> VarianceLine:
    """Return the line of least weighted squares with both ends at 0 or above."""
    basis = np.stack([1 - x, x])
    matrix = (basis * weights) @ basis.T
    target = (basis * weights) @ variance
    if len(x) > 1 and np.linalg.det(matrix) > 1e-9 * np.trace(matrix) ** 2:
        black, white = np.linalg.solve(matrix, target)
        if black >= 0 and white >= 0:
            return VarianceLine(float(black), float(white))
        ends = [target[i] / matrix[i, i] for i in range(2)]
        lines = [VarianceLine(float(ends[0]), 0.0), VarianceLine(0.0, float(ends[1]))]
        return min(lines, key=lambda line: float((weights * (line.at(x) - variance) ** 2).sum()))
    level = float((weights * variance).sum() / weights.sum())
    return VarianceLine(level, level)
