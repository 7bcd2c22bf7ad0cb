"""What clipping takes from the variance of noise."""

from __future__ import annotations

import math

import numpy as np


def unclipped_variance(variance: float, share: float) -> float:
    """Return the variance that normal noise had before it was clipped on one side.

    Args:
        variance: what is left of it.
        share: of the samples that were clipped, below a half.
    """
    return variance / float(np.interp(share, _SHARES, _LEFT))


def _tail(distance: float) -> float:
    """Return the share of normal samples that are more than `distance` deviations below."""
    return math.erfc(distance / math.sqrt(2)) / 2


def _left(distance: float) -> float:
    """Return what is left of a variance of 1, clipped `distance` deviations below the mean."""
    density = math.exp(-(distance**2) / 2) / math.sqrt(2 * math.pi)
    kept = 1 - _tail(distance)
    mean = distance * kept + density
    return (distance**2 + 1) * kept + distance * density - mean**2


_DISTANCES = np.linspace(4, 0, 81)
_SHARES = [_tail(each) for each in _DISTANCES]
_LEFT = [_left(each) for each in _DISTANCES]
