"""How strongly the images of one file are cleaned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from imgclean.images.noise.estimate import noise_of_raster
from imgclean.inference.automatic_strength import automatic_strength

if TYPE_CHECKING:
    from imgclean.extension.requests import Raster

Strength = float | Literal["auto"]


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

    @property
    def is_nothing(self) -> bool:
        """Whether nothing of the change is applied, as far as that is known by now."""
        return (self.chosen if self._asked == "auto" else self._asked) == 0

    def of(self, raster: Raster) -> float:
        """Return the share for an image in [0, 1]."""
        if self._asked != "auto":
            return self._asked
        if self.chosen is None:
            self.chosen = _chosen_for(raster)
        return self.chosen


def noise_of(raster: Raster) -> float | None:
    """Return the standard deviation of an image's noise in grey levels of 255.

    It is what `imgclean inspect` says of the image.

    Args:
        raster: in [0, 1].

    Returns:
        None where there is too little of it to tell.
    """
    noise = noise_of_raster(raster)
    return None if noise is None else noise.level


def _chosen_for(raster: Raster) -> float:
    """Return the share for an image; all of the change where its noise cannot be told."""
    sigma = noise_of(raster)
    return 1.0 if sigma is None else automatic_strength(sigma)
