"""How much of a model's change an image needs, by how noisy it is."""

from __future__ import annotations

import math

INVISIBLE_SIGMA = 1.0
"""Noise up to here, in grey levels of 255, is about what rounding and fine texture look like."""

PLAIN_SIGMA = 3.0
"""From here on, in grey levels of 255, noise is plainly visible in even areas."""


def automatic_strength(sigma: float) -> float:
    """Return the share of the model's change that is applied to an image, 0 to 1.

    0 up to `INVISIBLE_SIGMA`, 1 from `PLAIN_SIGMA` on, and 3 t^2 - 2 t^3 between the two, where t
    runs from 0 to 1: neither end has a kink. Half of the change is applied at 2 grey levels.

    Args:
        sigma: standard deviation of the image's noise in grey levels of 255, 0 or more; where it
            is no finite number, all of the change is applied.
    """
    if not math.isfinite(sigma):
        return 1.0
    t = (sigma - INVISIBLE_SIGMA) / (PLAIN_SIGMA - INVISIBLE_SIGMA)
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)
