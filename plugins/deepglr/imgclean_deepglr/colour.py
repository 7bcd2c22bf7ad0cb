"""The colour space that DeepGLR works in: YUV of BT.601, full range, chroma centred at 0.5.

ITU-R BT.601-7, Section 2.5: U and V are scaled so that they span one unit.
"""

from __future__ import annotations

import torch
from torch import Tensor

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_FROM_RGB = (
    (_RED, _GREEN, _BLUE),
    (-_RED / (2 - 2 * _BLUE), -_GREEN / (2 - 2 * _BLUE), 0.5),
    (0.5, -_GREEN / (2 - 2 * _RED), -_BLUE / (2 - 2 * _RED)),
)
_CENTRE = (0.0, 0.5, 0.5)
_COLOURS = 3


def to_yuv(x: Tensor) -> Tensor:
    """Return float[N, 3, H, W] in YUV of an image in RGB; of other channel counts, itself."""
    if x.shape[1] != _COLOURS:
        return x
    matrix, centre = _constants(x)
    return _mixed(matrix, x) + centre


def to_rgb(x: Tensor) -> Tensor:
    """Return what `to_yuv` was given."""
    if x.shape[1] != _COLOURS:
        return x
    matrix, centre = _constants(x)
    return _mixed(torch.linalg.inv(matrix), x - centre)


def _constants(x: Tensor) -> tuple[Tensor, Tensor]:
    matrix = torch.tensor(_FROM_RGB, dtype=x.dtype, device=x.device)
    return matrix, torch.tensor(_CENTRE, dtype=x.dtype, device=x.device).view(1, 3, 1, 1)


def _mixed(matrix: Tensor, x: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", matrix, x)
