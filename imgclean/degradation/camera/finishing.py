"""What a camera does to a developed image before it compresses it: smoothing and sharpening."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.degradation.camera.filters import gaussian_blur
from imgclean.degradation.camera.jpeg_transform import rgb_from_ycc, ycc_from_rgb
from imgclean.degradation.camera.rows import spread

if TYPE_CHECKING:
    import torch

CHROMA_BLUR = 1.5
"""Largest standard deviation in pixels of what smooths colours."""
_CORING_BLUR = 1.0
_SHARPENING_BLUR = 1.0


def smooth(image: torch.Tensor, chroma: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
    """Return the image as a camera's own noise reduction leaves it.

    Colours lose their fine detail by a Gaussian filter. Of the luma's fine detail d, what it is
    more than a Gaussian filter of one pixel, d^3 / (d^2 + t^2) is left: coring, which takes weak
    detail for noise (Rossi, "Digital techniques for reducing television noise", SMPTE Journal 87,
    1978).

    Args:
        image: float32[N, 3, H, W] in [0, 1].
        chroma: float32[N], standard deviation of the colours' filter in pixels, 0 to 1.5.
        threshold: float32[N], t, in units of [0, 1]; 0 leaves the luma as it is.
    """
    ycc = ycc_from_rgb(image)
    luma = ycc[:, :1]
    coarse = gaussian_blur(luma, chroma.new_full(chroma.shape, _CORING_BLUR), _CORING_BLUR)
    detail = luma - coarse
    squares = detail.square()
    ycc[:, :1] = coarse + detail * squares / (squares + spread(threshold).square() + 1e-12)
    ycc[:, 1:] = gaussian_blur(ycc[:, 1:], chroma, CHROMA_BLUR)
    return rgb_from_ycc(ycc)


def sharpen(image: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
    """Return the image and `amount` times what it is more than a Gaussian filter of one pixel.

    That is an unsharp mask.

    Args:
        image: float32[N, 3, H, W].
        amount: float32[N]; 0 leaves a row as it is.
    """
    coarse = gaussian_blur(image, amount.new_full(amount.shape, _SHARPENING_BLUR), _SHARPENING_BLUR)
    return image + spread(amount) * (image - coarse)
