"""PSNR and SSIM. Images are in grey levels, 0 to 255, as integers or floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
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
