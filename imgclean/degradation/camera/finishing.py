"""What a camera does to a developed image before it compresses it: smoothing and sharpening."""

from __future__ import annotations

import torch
from torch.nn import functional

from imgclean.degradation.camera.filters import gaussian_blur
from imgclean.degradation.camera.jpeg_transform import rgb_from_ycc, ycc_from_rgb
from imgclean.degradation.camera.rows import spread

CHROMA_BLUR = 4.0
"""Largest standard deviation in pixels of what smooths colours."""
_DETAIL_BLUR = 1.0
_VARIANCE_BLUR = 1.5
_SHARPENING_BLUR = 1.0


def smooth(
    image: torch.Tensor, chroma: torch.Tensor, noise: torch.Tensor, guide: torch.Tensor
) -> torch.Tensor:
    """Return the image as a camera's own noise reduction leaves it.

    Of the luma's fine detail, what it is more than a Gaussian filter of one pixel, the share
    1 - t^2 / v is left, where v is the detail's local variance: Lee, "Digital image enhancement and
    noise filtering by use of local statistics", IEEE PAMI 2, 1980. Colours, which cameras smooth
    far more, lose their detail by a Gaussian filter.

    Args:
        image: float32[M, 3, H, W] in [0, 1]; M is N, or twice N: all rows, and then all again.
        chroma: float32[N], standard deviation of the colours' filter in pixels, 0 to 4; 0 leaves
            them as they are.
        noise: float32[N], t, the standard deviation of detail that is taken for noise, in units
            of [0, 1]; 0 leaves the luma as it is.
        guide: float32[N, 3, H, W], the image whose variance counts: the noisy one also where a
            clean one is smoothed, so that both lose the same.
    """
    times = len(image) // len(guide)
    variance = gaussian_blur(
        _detail(ycc_from_rgb(guide)[:, :1]).square(), *_of_all(_VARIANCE_BLUR, noise)
    )
    lost = (spread(noise).square() / variance.clamp(min=1e-12)).clamp_(max=1).repeat(times, 1, 1, 1)
    ycc = ycc_from_rgb(image)
    luma = ycc[:, :1] - lost * _detail(ycc[:, :1])
    colours = _smooth_colours(ycc[:, 1:], chroma.repeat(times))
    return rgb_from_ycc(torch.cat([luma, colours], dim=1))


def _detail(luma: torch.Tensor) -> torch.Tensor:
    return luma - gaussian_blur(luma, *_of_all(_DETAIL_BLUR, luma[:, 0, 0, 0]))


def _smooth_colours(colours: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Return Cb and Cr after a Gaussian filter, which works on every other pixel."""
    half = functional.avg_pool2d(colours, 2)
    half = gaussian_blur(half, sigma / 2, CHROMA_BLUR / 2)
    size = colours.shape[2], colours.shape[3]
    smoothed = functional.interpolate(half, size, mode="bilinear", align_corners=False)
    return torch.where(spread(sigma) > 0, smoothed, colours)


def _of_all(sigma: float, like: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Return the arguments of a Gaussian filter that is the same for all rows."""
    return torch.full_like(like, sigma), sigma


def sharpen(image: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
    """Return the image and `amount` times what it is more than a Gaussian filter of one pixel.

    That is an unsharp mask.

    Args:
        image: float32[N, 3, H, W].
        amount: float32[N]; 0 leaves a row as it is.
    """
    coarse = gaussian_blur(image, *_of_all(_SHARPENING_BLUR, amount))
    return torch.lerp(coarse, image, 1 + spread(amount))
