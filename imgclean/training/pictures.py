"""Pictures of what a network makes of noise, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

GAP = 4
"""Pixels of white between images."""


def side_by_side(
    noisy: torch.Tensor, clean_output: torch.Tensor, truth: torch.Tensor
) -> NDArray[np.uint8]:
    """Return three images of one size beside each other, with white between them.

    Args:
        noisy, clean_output, truth: float[C, H, W] in [0, 1], on any device; what lies beyond
            becomes black or white.

    Returns:
        uint8[H, 3 W + 2 GAP, C].
    """
    images = [_to_levels(each) for each in (noisy, clean_output, truth)]
    height, _, channels = images[0].shape
    white = np.full((height, GAP, channels), 255, np.uint8)
    return np.concatenate([images[0], white, images[1], white, images[2]], axis=1)


def _to_levels(image: torch.Tensor) -> NDArray[np.uint8]:
    levels = image.detach().float().clamp(0, 1).mul(255).round()
    return levels.permute(1, 2, 0).byte().cpu().numpy()
