"""PSNR and SSIM. Images are in grey levels, 0 to 255, as integers or floats."""

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
    """Return how blurred an image is, from 0 to 1, by itself alone.

    Crete, Dolmiere, Ladret, Nicolas, "The blur effect: perception and estimation with a new
    no-reference perceptual blur metric", SPIE 2007: how little a blur changes it.

    Args:
        image: [H, W, C], 0 to 255; the mean over channels is returned.
    """
    planes = np.moveaxis(image.astype(np.float64), 2, 0)
    return float(np.mean([blur_effect(plane) for plane in planes]))
