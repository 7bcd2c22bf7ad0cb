"""White Gaussian noise, added in float: neither clipped nor quantised, as the papers measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from imgclean.degradation.drawing import uniform
from imgclean.degradation.steps import Outcome, layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgclean.degradation.base import Levels
    from imgclean.degradation.spec import Gaussian

GREY_LEVELS = 255.0
"""Sigma is given in grey levels; images are in [0, 1]."""


def add_gaussian(
    image: NDArray[np.float64], sigma: float, random: np.random.RandomState
) -> NDArray[np.float64]:
    """Return float64[H, W, C] with noise of `sigma` grey levels.

    The draw is numpy's legacy `randn(H, W[, 3])`, which the field uses, so that two tools
    measure on the same noisy images.
    """
    shape = image.shape[:2] if image.shape[2] == 1 else image.shape
    return image + random.randn(*shape).reshape(image.shape) * (sigma / GREY_LEVELS)


def draw_sigma(levels: Levels, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return `count` standard deviations in units of [0, 1], from levels in grey levels."""
    share = torch.rand(count, generator=generator, device=generator.device)
    return uniform(levels, share) / GREY_LEVELS


def draw_noise(
    image: torch.Tensor, sigma: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Return noise of the shape and layout of float32[N, C, H, W], of deviation float32[N]."""
    count, channels, height, width = image.shape
    if layout(image) == torch.channels_last:
        shape = count, height, width, channels
        noise = torch.randn(shape, generator=generator, device=image.device).permute(0, 3, 1, 2)
    else:
        noise = torch.randn(image.shape, generator=generator, device=image.device)
    return noise.mul_(sigma.view(-1, 1, 1, 1))


class GaussianStep:
    """Adds noise to each row, of a level of its own."""

    margin = 0
    on_device = True

    def __init__(self, spec: Gaussian) -> None:
        self._levels = spec.sigma

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        """Return the noisy rows, not clipped, and their standard deviations."""
        del needed  # noise is cheaper drawn than spared
        sigma = draw_sigma(self._levels, image.shape[0], generator)
        return Outcome(draw_noise(image, sigma, generator).add_(image), sigma)
