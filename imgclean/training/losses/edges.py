"""Where an image has edges."""

from __future__ import annotations

import numpy as np
import torch
from skimage.feature import canny

from imgclean.gradient import gradient_magnitude


@torch.no_grad()
def sobel_map(images: torch.Tensor) -> torch.Tensor:
    """Return the magnitude of each channel's gradient, without a graph."""
    return gradient_magnitude(images)


@torch.no_grad()
def canny_map(images: torch.Tensor) -> torch.Tensor:
    """Return 1 on the edges that Canny's detector finds in the mean of the channels, else 0.

    Blur and thresholds are scikit-image's: sigma 1, and 0.1 and 0.2 of the range. It runs on the
    CPU, image by image.

    Args:
        images: float[N, C, H, W] in [0, 1].

    Returns:
        [N, 1, H, W] on the device of `images` and of their type.
    """
    gray = images.mean(1).cpu().numpy()
    found = np.stack([canny(each) for each in gray])
    return torch.from_numpy(found)[:, None].to(device=images.device, dtype=images.dtype)
