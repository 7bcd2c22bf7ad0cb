"""An image's gradient by Sobel's filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.functional import pad

if TYPE_CHECKING:
    import torch

_SMALLEST_SQUARE = 1e-12  # the root's slope is infinite at 0, where an image is constant


def sobel(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the horizontal and the vertical Sobel component of each channel.

    The kernel is [-1, 0, 1] across and [1, 2, 1] along, as in GradNet, equation 1 (whose second
    kernel has a misprint). The border is reflected, so that it is no edge; an image one pixel high
    or wide has none in that direction.

    Args:
        images: float[N, C, H, W].

    Returns:
        Two tensors of that shape; for images in [0, 1] in [-4, 4].
    """
    padded = _padded(_padded(images, (1, 1, 0, 0)), (0, 0, 1, 1))
    across = padded[..., 2:] - padded[..., :-2]
    down = padded[..., 2:, :] - padded[..., :-2, :]
    horizontal = across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]
    vertical = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    return horizontal, vertical


def gradient_magnitude(images: torch.Tensor) -> torch.Tensor:
    """Return the magnitude of each channel's gradient (GradNet, equation 3).

    It can be differentiated everywhere: of a constant image it is 1e-6, not 0.

    Args:
        images: float[N, C, H, W].

    Returns:
        A tensor of that shape; for images in [0, 1] from 1e-6 to 4.5.
    """
    horizontal, vertical = sobel(images)
    return (horizontal.square() + vertical.square() + _SMALLEST_SQUARE).sqrt()


def _padded(images: torch.Tensor, sides: tuple[int, int, int, int]) -> torch.Tensor:
    """Return the images with a pixel more at two sides, of which each is 1, as `pad` has them."""
    length = images.shape[3] if sides[0] else images.shape[2]
    return pad(images, sides, mode="reflect" if length > 1 else "replicate")
