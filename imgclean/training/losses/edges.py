"""Where an image has edges."""

from __future__ import annotations

import numpy as np
import torch
from skimage.feature import canny
from torch.nn.functional import pad


def sobel(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the horizontal and the vertical Sobel component of each channel.

    The kernel is [-1, 0, 1] across and [1, 2, 1] along, as in GradNet, equation 1 (whose second
    kernel has a misprint). The border is reflected, so that it is no edge.

    Args:
        images: float[N, C, H, W] of at least 2x2 pixels.

    Returns:
        Two tensors of that shape; for images in [0, 1] in [-4, 4].
    """
    padded = pad(images, (1, 1, 1, 1), mode="reflect")
    across = padded[..., 2:] - padded[..., :-2]
    down = padded[..., 2:, :] - padded[..., :-2, :]
    horizontal = across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]
    vertical = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    return horizontal, vertical


@torch.no_grad()
def sobel_map(images: torch.Tensor) -> torch.Tensor:
    """Return the magnitude of each channel's gradient, without a graph; as `sobel`."""
    return torch.hypot(*sobel(images))


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
