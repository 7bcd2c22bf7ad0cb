"""Which sample values become 0 and 1, as `--range` says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from imgclean.errors import InvalidSetting


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The values below which these shares of the samples lie, in percent."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """The values themselves."""

    low: float
    high: float


RangeChoice = Literal["auto", "dtype"] | Percentiles | Bounds

_PERCENTILE = "percentile:"


def parse_range(text: str) -> RangeChoice:
    """Return what `--range` says: `auto`, `dtype`, `percentile:LO,HI` or `LO,HI`.

    Raises:
        InvalidSetting: it is none of these, or LO is not below HI.
    """
    if text == "auto":
        return "auto"
    if text == "dtype":
        return "dtype"
    try:
        low, high = (float(part) for part in text.removeprefix(_PERCENTILE).split(","))
    except ValueError as error:
        raise InvalidSetting(
            f"--range {text}", hint="auto, dtype, percentile:LO,HI or LO,HI"
        ) from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidSetting(f"--range {text}: {low:g} is not below {high:g}")
    if not text.startswith(_PERCENTILE):
        return Bounds(low, high)
    if not (low >= 0 and high <= 100):
        raise InvalidSetting(f"--range {text}: percentiles lie between 0 and 100")
    return Percentiles(low, high)
