"""A network, prepared or not, tried on a small image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from imgclean.inference.preparation.live_memory import with_peak_bytes

if TYPE_CHECKING:
    from imgclean.inference.tile_functions import TileFunction

_SAMPLE_SIDE = 64
UNKNOWN_BYTES = 1024  # a pixel, of a network that is not tried: 64 float32 maps, four times


@dataclass(frozen=True, slots=True)
class Images:
    """What a network is given.

    Attributes:
        channels: of images.
        alignment: sides of tiles are multiples of it.
        sigma: noise level in units of the image's [0, 1], or None for blind.
    """

    channels: int
    alignment: int
    sigma: float | None

    def sample(self, device: torch.device, times: int = 1) -> torch.Tensor:
        """Return a small one to try a network with, float32[1, C, h, w], of `times` the side."""
        side = math.ceil(_SAMPLE_SIDE / self.alignment) * self.alignment * times
        generator = torch.Generator().manual_seed(0)
        return torch.rand(1, self.channels, side, side, generator=generator).to(device)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a function made of a small image.

    Attributes:
        result: None if it raised.
        bytes_per_pixel: what was alive at once of all that it computed, at most.
    """

    result: torch.Tensor | None
    bytes_per_pixel: int = UNKNOWN_BYTES

    def agrees_with(self, other: Trial, tolerance: float) -> bool:
        """Whether both made the same, up to a share of the other's largest value."""
        if self.result is None or other.result is None or self.result.shape != other.result.shape:
            return False
        found, expected = self.result.float(), other.result.float()
        return bool((found - expected).abs().max() <= tolerance * expected.abs().max())


def tried(function: TileFunction, sample: torch.Tensor) -> Trial:
    """Return what a function makes of float32[1, C, h, w], and with how much memory."""
    try:
        result, peak = with_peak_bytes(function, sample)
    except Exception:  # noqa: BLE001 - a network may want larger images, or look into its layers
        return Trial(None)
    return Trial(result, math.ceil(peak / sample.shape[2] ** 2))
