"""Photographs that are there wherever imgclean is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage import data

from imgclean.degradation.gaussian import GREY_LEVELS, add_gaussian
from imgclean.images.collection import CleanImages
from imgclean.images.luminance import gray_from_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIDE = 256
_NAMES = ("astronaut", "chelsea", "coffee")


def sample_photographs() -> CleanImages:
    """Return the middle of three photographs that come with scikit-image, uint8[256, 256, 3]."""
    images = tuple(_middle(getattr(data, name)()) for name in _NAMES)
    return CleanImages("scikit-image", _NAMES, images)


def noisy_photograph(height: int, width: int, channels: int, sigma: float) -> NDArray[np.uint8]:
    """Return uint8[height, width, channels]: a photograph with noise, mirrored until it fills it.

    Args:
        height, width: in pixels.
        channels: 1 or 3.
        sigma: standard deviation of the noise in grey levels of 255.
    """
    clean: NDArray[np.uint8] = data.astronaut()
    if channels == 1:
        clean = gray_from_rgb(clean)
    noisy = add_gaussian(clean / GREY_LEVELS, sigma, np.random.RandomState(0)) * GREY_LEVELS
    samples = np.rint(noisy.clip(0, GREY_LEVELS)).astype(np.uint8)[:height, :width]
    missing = height - samples.shape[0], width - samples.shape[1]
    return np.pad(samples, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")


def _middle(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = (image.shape[0] - _SIDE) // 2, (image.shape[1] - _SIDE) // 2
    return np.ascontiguousarray(image[top : top + _SIDE, left : left + _SIDE])
