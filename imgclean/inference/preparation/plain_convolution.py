"""A convolution with what follows it, computed by torch's public functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from imgclean.inference.preparation.fusion import Convolution


class PlainConvolution(nn.Module):
    """out = max(y, slope * y), y = conv(x) + bias [+ other], in the precision of autocast.

    Args:
        convolution: what to compute.
    """

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        self._layer = convolution.layer
        self._slope = convolution.slope

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        """Return float[N, C', H', W'].

        Args:
            x: float[N, C, H, W].
            other: is added.
        """
        y: torch.Tensor = self._layer(x)
        if other is not None:
            y = y + other
        if self._slope == 1:
            return y
        return functional.leaky_relu_(y, self._slope) if self._slope else functional.relu_(y)
