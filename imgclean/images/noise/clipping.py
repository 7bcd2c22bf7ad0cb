"""What clipping takes from the variance of noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.noise.variance_fit import VarianceLine


def unclipped_variance(variance: float, share: float) -> float:
    """Return the variance that normal noise had before it was clipped on one side.

    Args:
        variance: what is left of it.
        share: of the samples that were clipped, below a half.
    """
    return variance / float(np.interp(share, _SHARES, _LEFT))


def before_clipping(
    mean: NDArray[Any], line: VarianceLine
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the intensities of what means are seen of, and what is left there of the variance.

    As in Foi, "Clipped noisy images: heteroskedastic modeling and practical denoising", Signal
    Processing 89, 2009: noise on a line, clipped at 0 and 1, has at each intensity a mean and a
    variance of its own.

    Args:
        mean: of clipped samples.
        line: the variance that they had before.
    """
    deviation = np.sqrt(line.at(_INTENSITIES))
    black, white = _INTENSITIES / deviation, (1 - _INTENSITIES) / deviation
    lift = np.interp(black, _UP, _LIFT) - np.interp(white, _UP, _LIFT)
    left = np.interp(black, _UP, _LEFT_UP) * np.interp(white, _UP, _LEFT_UP)
    intensity = np.interp(mean, _INTENSITIES + lift * deviation, _INTENSITIES)
    return intensity, np.interp(intensity, _INTENSITIES, left)


def _tail(distance: float) -> float:
    """Return the share of normal samples that are more than `distance` deviations below."""
    return math.erfc(distance / math.sqrt(2)) / 2


def _left(distance: float) -> float:
    """Return what is left of a variance of 1, clipped `distance` deviations below the mean."""
    density = math.exp(-(distance**2) / 2) / math.sqrt(2 * math.pi)
    kept = 1 - _tail(distance)
    mean = distance * kept + density
    return (distance**2 + 1) * kept + distance * density - mean**2


def _lift(distance: float) -> float:
    """Return by how much clipping `distance` deviations below the mean raises it."""
    return math.exp(-(distance**2) / 2) / math.sqrt(2 * math.pi) - distance * _tail(distance)


_DISTANCES = np.linspace(4, 0, 81)
_SHARES = [_tail(each) for each in _DISTANCES]
_LEFT = [_left(each) for each in _DISTANCES]
_UP, _LEFT_UP = _DISTANCES[::-1], _LEFT[::-1]
_LIFT = [_lift(each) for each in _UP]
_INTENSITIES = np.sin(np.linspace(0, math.pi / 2, 301)) ** 2  # denser at both ends
