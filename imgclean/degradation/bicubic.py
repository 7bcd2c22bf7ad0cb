"""Bicubic resizing as MATLAB's `imresize` documents it, as products with weight matrices.

The kernel is Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP
1981, with a = -0.5. DnCNN, Section IV-A, and the field measure enlargement on its results.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_A = -0.5
_REACH = 2.0  # of the kernel, in pixels of the smaller image
_INNER = slice(1, 5)  # of the taps, those that the kernel reaches where it is not widened


def resize_matrix(length_in: int, length_out: int, scale: float) -> NDArray[np.float64]:
    """Return the weights float64[length_out, length_in] that resize a line of pixels.

    When shrinking, the kernel is widened against aliasing. The weights of an output are
    normalised to the sum 1. Beyond its ends the line is mirrored, the outermost pixel repeated.
    """
    weights, taps = _taps(length_in, np.arange(length_out), scale)
    matrix = np.zeros((length_out, length_in))
    np.add.at(matrix, (np.arange(length_out)[:, None], taps), weights)
    return matrix


def enlarging_taps(
    length: int, scale: int, start: int, stop: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return which pixels of a line make those from `start` to `stop` of the enlarged line.

    Args:
        length: of the line in pixels.
        scale: how many pixels each becomes.
        start, stop: the part of the enlarged line.

    Returns:
        Weights float64[stop - start, 4], and the pixels' numbers int64[stop - start, 4].
    """
    weights, taps = _taps(length, np.arange(start, stop), scale)
    return weights[:, _INNER], taps[:, _INNER]


def imresize(image: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Return float64[ceil(H scale), ceil(W scale), C] of [H, W, C], neither clipped nor rounded.

    Rows come before columns, which is MATLAB's order where both have one scale.
    """
    height, width = image.shape[:2]
    rows = resize_matrix(height, math.ceil(height * scale), scale)
    columns = resize_matrix(width, math.ceil(width * scale), scale)
    resized: NDArray[np.float64] = np.tensordot(
        columns, np.tensordot(rows, image, (1, 0)), (1, 1)
    ).transpose(1, 0, 2)
    return resized


def shrink_and_enlarge(image: NDArray[np.float64], scale: int, white: float) -> NDArray[np.float64]:
    """Return float64[H, W, C] in [0, 1], H and W multiples of `scale`, at its resolution / scale.

    The small image is clipped and rounded to integers of which `white` is the largest (255 for
    8 bits), halves upwards as in MATLAB; the enlarged one is neither clipped nor rounded.
    """
    small = np.floor(imresize(image, 1 / scale).clip(0, 1) * white + 0.5) / white
    return imresize(small, scale)


def _taps(
    length_in: int, outputs: NDArray[np.int64], scale: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return for each output pixel the weights of some input pixels, and which those are."""
    shrink = min(scale, 1.0)
    reach = _REACH / shrink
    middle = (outputs + 0.5) / scale - 0.5
    first = np.floor(middle - reach)
    taps = first[:, None] + np.arange(math.ceil(2 * reach) + 2)
    weights = _kernel((middle[:, None] - taps) * shrink)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = taps.astype(np.int64) % (2 * length_in)
    return weights, np.where(mirrored < length_in, mirrored, 2 * length_in - 1 - mirrored)


def _kernel(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near = (_A + 2) * x**3 - (_A + 3) * x**2 + 1
    far = _A * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x <= _REACH, far, 0.0))
