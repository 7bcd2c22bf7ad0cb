"""How strongly the images of one file are cleaned."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Literal

import numpy as np

from imgclean.extension.requests import Window
from imgclean.images.noise.estimate import estimate_noise
from imgclean.images.pixels import SampleRange
from imgclean.inference.automatic_strength import automatic_strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.extension.requests import Raster

Strength = float | Literal["auto"]

_PATCH_SIDE = 256
_PATCHES_A_SIDE = 4


class StrengthChoice:
    """The share of the model's change that is applied: as asked for, or by the noise.

    The first image that it is asked about decides for all, so that the pages of a stack are
    cleaned alike.

    Args:
        asked: 0 to 1, or `auto`.

    Attributes:
        chosen: what `auto` has come to; None before, and where the share was given.
    """

    def __init__(self, asked: Strength) -> None:
        self._asked = asked
        self.chosen: float | None = None

    def of(self, raster: Raster) -> float:
        """Return the share for an image in [0, 1]."""
        if self._asked != "auto":
            return self._asked
        if self.chosen is None:
            self.chosen = _chosen_for(raster)
        return self.chosen


def noise_of(raster: Raster) -> float | None:
    """Return the standard deviation of an image's noise in grey levels of 255.

    A large image is looked at in 16 patches that are spread over it evenly. The median of their
    deviations counts; those of which next to all is clipped do not.

    Args:
        raster: in [0, 1].

    Returns:
        None where there is too little of it to tell.
    """
    channels = raster.shape[0]
    span = SampleRange((0.0,) * channels, (1.0,) * channels, np.dtype(np.float32))
    found = []
    for window in _patches(*raster.shape[1:]):
        noise = estimate_noise(np.moveaxis(raster.read(window), 0, 2), span)
        if noise is not None:
            found.append(noise.level)
    return statistics.median(found) if found else None


def _chosen_for(raster: Raster) -> float:
    """Return the share for an image; all of the change where its noise cannot be told."""
    sigma = noise_of(raster)
    return 1.0 if sigma is None else automatic_strength(sigma)


def _patches(height: int, width: int) -> Iterator[Window]:
    """Yield the parts of an image that are looked at: all of it, where it is small."""
    if max(height, width) <= _PATCHES_A_SIDE * _PATCH_SIDE:
        yield Window(0, 0, width, height)
        return
    high, wide = min(height, _PATCH_SIDE), min(width, _PATCH_SIDE)
    tops = dict.fromkeys(_starts(height - high))
    lefts = dict.fromkeys(_starts(width - wide))
    yield from (Window(left, top, wide, high) for top in tops for left in lefts)


def _starts(room: int) -> list[int]:
    return [round(room * each / (_PATCHES_A_SIDE - 1)) for each in range(_PATCHES_A_SIDE)]
