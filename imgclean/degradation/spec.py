"""Spec strings such as `gaussian:25` and `gaussian:0-55`. Imports neither torch nor numpy."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from imgclean.errors import InvalidSetting

_GAUSSIAN = re.compile(r"gaussian:(?P<low>\d+(?:\.\d+)?)(?:-(?P<high>\d+(?:\.\d+)?))?")
_MAX_SIGMA = 255.0


@dataclass(frozen=True, slots=True)
class GaussianSpec:
    """White Gaussian noise.

    Attributes:
        low, high: range of the standard deviation in grey levels of 255; equal for one known
            level, else each image draws its own, uniformly.
    """

    low: float
    high: float

    @property
    def blind(self) -> bool:
        """Whether the level varies."""
        return self.low < self.high

    def contains(self, sigma: float) -> bool:
        """Whether a set trained on this noise has seen `sigma` (a known level: within 10 %)."""
        if self.blind:
            return self.low <= sigma <= self.high
        return math.isclose(sigma, self.low, rel_tol=0.1)

    def __str__(self) -> str:
        return f"gaussian:{self.low:g}" + (f"-{self.high:g}" if self.blind else "")


def parse_degradation(text: str) -> GaussianSpec:
    """Return what `text` names.

    Raises:
        InvalidSetting: it is not `gaussian:SIGMA` or `gaussian:LOW-HIGH` with
            0 <= LOW <= HIGH <= 255.
    """
    match = _GAUSSIAN.fullmatch(text.strip())
    if match:
        low = float(match["low"])
        high = float(match["high"] or low)
        if low <= high <= _MAX_SIGMA:
            return GaussianSpec(low, high)
    raise InvalidSetting(
        f"{text!r} is not a noise specification",
        hint="use gaussian:25 for one level or gaussian:0-55 for a range (grey levels of 255)",
    )
