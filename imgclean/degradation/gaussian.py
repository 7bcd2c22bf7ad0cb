"""White Gaussian noise, added in float: neither clipped nor quantised, as the papers measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.spec import Gaussian

GREY_LEVELS = 255.0
"""Sigma is given in grey levels; images are in [0, 1]."""


def draw_sigma(spec: Gaussian, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return `count` standard deviations, uniform over the spec's range, in units of [0, 1]."""
    share = torch.rand(count, generator=generator, device=generator.device)
    return (spec.sigma.low + share * (spec.sigma.high - spec.sigma.low)) / GREY_LEVELS


def draw_noise(shape: torch.Size, sigma: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return noise float32[N, C, H, W] of standard deviation `sigma` float32[N]."""
    noise = torch.randn(shape, generator=generator, device=generator.device)
    return noise * sigma.view(-1, 1, 1, 1)


def protocol_noise(height: int, width: int, channels: int, seed: int) -> NDArray[np.float64]:
    """Return the unit-variance noise that evaluation adds: float64[H, W, C].

    The draw is numpy's legacy `RandomState(seed).randn(H, W[, 3])`, which the field uses, so
    that two tools measure on the same noisy images.
    """
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.RandomState(seed).randn(*shape).reshape(height, width, channels)
