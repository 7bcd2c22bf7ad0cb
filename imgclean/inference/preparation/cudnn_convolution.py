"""A convolution with what follows it as one operation of cuDNN."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from imgclean.inference.preparation.geometry import geometry_of, is_symmetric, keeps_size
from imgclean.inference.preparation.soundness import computes_rightly

if TYPE_CHECKING:
    from imgclean.inference.preparation.fusion import Convolution


class CudnnConvolution(nn.Module):
    """out = max(0, conv(x) + bias [+ other]).

    Args:
        convolution: what to compute; its slope is 0.
        dtype: in which.
    """

    def __init__(self, convolution: Convolution, dtype: torch.dtype) -> None:
        super().__init__()
        layer = convolution.layer
        self._dtype = dtype
        self._outputs = layer.out_channels
        self._keeps_size = keeps_size(layer)
        padding, stride, dilation, groups = geometry_of(layer)
        self._geometry = stride, padding, dilation, groups
        weight = layer.weight.detach().to(dtype, memory_format=torch.channels_last)
        bias = weight.new_zeros(layer.out_channels) if layer.bias is None else layer.bias.detach()
        self._weight, self._bias = weight, bias.to(dtype)

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        """Return float[N, C', H', W'] in the dtype of the convolution.

        Args:
            x: float[N, C, H, W], of any float type.
            other: is added; a sum with another type or shape is computed as torch does it.
        """
        x = x.to(self._dtype, memory_format=torch.channels_last)
        if other is None:
            return torch.cudnn_convolution_relu(x, self._weight, self._bias, *self._geometry)
        shape = (x.shape[0], self._outputs, *x.shape[2:])
        if self._keeps_size and other.dtype == self._dtype and other.shape == shape:
            other = other.contiguous(memory_format=torch.channels_last)
            return torch.cudnn_convolution_add_relu(
                x, self._weight, other, 1.0, self._bias, *self._geometry
            )
        stride, padding, dilation, groups = self._geometry
        y = functional.conv2d(x, self._weight, self._bias, stride, padding, dilation, groups)
        return functional.relu(y + other)


def can_use_cudnn(convolution: Convolution, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether cuDNN, as torch has it here, computes such a convolution, and rightly."""
    layer = convolution.layer
    plain = layer.padding_mode == "zeros" and is_symmetric(layer) and layer.groups == 1
    return plain and convolution.slope == 0 and is_sound(device, dtype)


@lru_cache
def is_sound(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether the operators pass a trial."""
    return torch.backends.cudnn.is_available() and computes_rightly(
        lambda each: CudnnConvolution(each, dtype), (0.0,), device, dtype
    )
