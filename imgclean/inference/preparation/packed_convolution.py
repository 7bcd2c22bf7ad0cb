"""A convolution with what follows it as one operation of oneDNN, its weights laid out once.

The operators are torch's own but private (torch.ops.mkldnn, which torch.compile uses), so that each
is tried before it is relied on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from imgclean.inference.preparation.geometry import geometry_of, is_symmetric, keeps_size
from imgclean.inference.preparation.soundness import computes_rightly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.inference.preparation.fusion import Convolution


class PackedConvolution(nn.Module):
    """out = max(y, slope * y), y = conv(x) + bias [+ other].

    Args:
        convolution: what to compute.
        dtype: of the weights and the output; products are summed in float32.

    Attributes:
        slope: of negative values.
    """

    def __init__(self, convolution: Convolution, dtype: torch.dtype) -> None:
        super().__init__()
        layer = convolution.layer
        self._dtype = dtype
        self.slope = convolution.slope
        self._outputs = layer.out_channels
        self._keeps_size = keeps_size(layer)
        self._geometry = padding, stride, dilation, groups = geometry_of(layer)
        self._is_grouped = groups > 1  # torch lacks the sum with ReLU of such in bf16
        weight = layer.weight.detach().to(dtype, memory_format=torch.channels_last)
        self._weight = torch._C._nn.mkldnn_reorder_conv2d_weight(
            weight.to_mkldnn(), padding, stride, dilation, groups
        )
        self._bias = None if layer.bias is None else layer.bias.detach().to(dtype)

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        """Return float[N, C', H', W'].

        Args:
            x: float[N, C, H, W], of any float type.
            other: is added. A sum of two types, or of two shapes, is computed as torch does it.
        """
        x = x.to(self._dtype)
        if other is None:
            return self._alone(x, self.slope)
        if self._is_like_output(other, x) and self.slope in (0, 1) and not self._is_grouped:
            return self._summed(x, other)
        return functional.leaky_relu(self._alone(x, 1) + other, self.slope)

    def _alone(self, x: torch.Tensor, slope: float) -> torch.Tensor:
        name, values = ("leaky_relu", [slope]) if slope else ("relu", [])
        if slope == 1:
            name, values = "none", []
        return self.activated(x, name, values)

    def activated(self, x: torch.Tensor, name: str, values: Sequence[float] = ()) -> torch.Tensor:
        """Return y of float[N, C, H, W] behind another activation, float[N, C', H', W'].

        Args:
            x: of any float type.
            name, values: as oneDNN's operation takes them.
        """
        operation: Any = torch.ops.mkldnn._convolution_pointwise
        x = x.to(self._dtype)
        return operation(x, self._weight, self._bias, *self._geometry, name, list(values), "")  # type: ignore[no-any-return]

    def _summed(self, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        parameters = self._weight, self._bias, *self._geometry
        activation = None if self.slope == 1 else "relu"
        operation: Any = torch.ops.mkldnn._convolution_pointwise.binary
        return operation(x, other, *parameters, "add", 1.0, activation, [], "")  # type: ignore[no-any-return]

    def _is_like_output(self, other: torch.Tensor, x: torch.Tensor) -> bool:
        shape = (x.shape[0], self._outputs, *x.shape[2:])
        return self._keeps_size and other.dtype == self._dtype and other.shape == shape


def can_pack(convolution: Convolution, dtype: torch.dtype) -> bool:
    """Whether oneDNN, as torch has it here, computes such a convolution, and rightly."""
    layer = convolution.layer
    return layer.padding_mode == "zeros" and is_symmetric(layer) and is_sound(dtype)


@lru_cache
def is_sound(dtype: torch.dtype) -> bool:
    """Whether the private operators pass a trial, in every form that is used of them."""
    return torch.backends.mkldnn.is_available() and computes_rightly(
        lambda each: PackedConvolution(each, dtype), (1.0, 0.0, 0.1), torch.device("cpu"), dtype
    )
