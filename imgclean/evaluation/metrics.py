"""PSNR, SSIM and blur. Images are in grey levels, 0 to 255, as integers or floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.measure import blur_effect
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PEAK = 255.0


def psnr(clean: NDArray[Any], image: NDArray[Any]) -> float:
    """Return the peak signal-to-noise ratio in dB over all pixels and channels.

    Args:
        clean: [H, W, C], or [K, C] of some pixels, 0 to 255.
        image: of the same shape; infinity is returned where the two are equal.
    """
    with np.errstate(divide="ignore"):
        return float(
            peak_signal_noise_ratio(
                clean.astype(np.float64), image.astype(np.float64), data_range=_PEAK
            )
        )


def ssim(clean: NDArray[Any], image: NDArray[Any]) -> float:
    """Return the structural similarity, 1 for equal images.

    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", IEEE TIP 2004: an 11x11 Gaussian window of sigma 1.5, population
    covariance, the valid region, the mean over channels.

    Args:
        clean: [H, W, C], 0 to 255, at least 11 pixels on each side.
        image: of the same shape.
    """
    value = structural_similarity(
        clean.astype(np.float64),
        image.astype(np.float64),
        data_range=_PEAK,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=2,
    )
    return float(value)


def blur(image: NDArray[Any]) -> float:
    """Return how blurred an image looks, 0 for not at all to 1 for most; no reference is needed.

    Crete, Dolmiere, Ladret, Nicolas, "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric", Proc. SPIE 6492, 2007: how little the gradients change
    where the image is blurred once more, by a mean over 11 pixels; of both directions the larger.
    It is of luminance, as there and in scikit-image. An image without any gradient has 1.

    Args:
        image: [H, W, 1 or 3], 0 to 255, at least 4 pixels on each side.
    """
    unit = image.astype(np.float64) / _PEAK
    if unit.shape[2] == 1:
        return float(blur_effect(unit[:, :, 0]))
    return float(blur_effect(unit, channel_axis=2))
