"""How noisy an image is, estimated from itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROOT = math.sqrt(3)
# high-pass of Daubechies' wavelet with two vanishing moments: no constant, no ramp passes
_WAVELET = (1 - _ROOT, _ROOT - 3, 3 + _ROOT, -1 - _ROOT)
_HIGH_PASS = tuple(tap / (4 * math.sqrt(2)) for tap in _WAVELET)
_MEDIAN_OF_NORMAL = 0.6744897501960817
"""Median of the absolute value of a standard normal variable."""
_ROUNDING = 1e-6


def estimate_sigma(image: NDArray[Any]) -> float:
    """Return the standard deviation of the noise in an image, for white being 1.

    The median of the absolute finest diagonal wavelet coefficients over 0.6745 (Donoho and
    Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81, 1994), of each
    channel; their mean square over the channels. Edges are few and hardly move a median. Where an
    image is perfectly flat, as where it is clipped, there is nothing to be seen of its noise, and
    such places do not count.

    It measures clean images of any size for training; `noise.estimate` tells texture from noise.

    Args:
        image: unsigned integers [H, W, C], at least 4 pixels on each side.

    Returns:
        0 where the image is flat all over.
    """
    top = np.iinfo(image.dtype).max
    squares = [_sigma(np.float32(1 / top) * plane) ** 2 for plane in image.transpose(2, 0, 1)]
    return math.sqrt(sum(squares) / len(squares))


def estimate_psnr(image: NDArray[Any]) -> float:
    """Return the PSNR in dB that an image's own noise leaves it; infinity where there is none.

    Args:
        image: as for `estimate_sigma`.
    """
    sigma = estimate_sigma(image)
    return -20 * math.log10(sigma) if sigma else math.inf


def _sigma(plane: NDArray[np.float32]) -> float:
    """Return the deviation of the noise in one channel float32[H, W]."""
    detail = np.abs(_filtered(_filtered(plane).T))
    seen = detail[detail > _ROUNDING]
    return float(np.median(seen)) / _MEDIAN_OF_NORMAL if seen.size else 0.0


def _filtered(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the high-passed columns of a plane float32[H, W], float32[H - 3, W]."""
    rows = plane.shape[0] - len(_HIGH_PASS) + 1
    parts = [np.float32(tap) * plane[at : at + rows] for at, tap in enumerate(_HIGH_PASS)]
    filtered: NDArray[np.float32] = np.sum(parts, axis=0)
    return filtered
