"""A 1x1 convolution as a product of matrices: of all pixels with the weights.

Calling oneDNN's product costs half of what calling its convolution does, which for some sizes of
images, too, takes ten times as long in bf16. The operators are private to torch, as those of
`packed_convolution`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from imgclean.inference.preparation.geometry import keeps_size
from imgclean.inference.preparation.soundness import computes_rightly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.inference.preparation.fusion import Convolution

_LEAST_INPUTS = 128  # of 32 channels to 32 oneDNN's convolution is quicker, with a sum above all


class PointwiseConvolution(nn.Module):
    """out = max(y, slope * y), y = conv(x) + bias [+ other].

    Args:
        convolution: what to compute; see `is_pointwise`.
        dtype: of the weights and the output; products are summed in float32.

    Attributes:
        slope: of negative values.
    """

    def __init__(self, convolution: Convolution, dtype: torch.dtype) -> None:
        super().__init__()
        layer = convolution.layer
        self._dtype = dtype
        self.slope = convolution.slope
        weight = layer.weight.detach().flatten(1).to(dtype).contiguous()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, None)
        self._bias = None if layer.bias is None else layer.bias.detach().to(dtype)

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        """Return float[N, C', H, W].

        Args:
            x: float[N, C, H, W], of any float type.
            other: is added. A sum of two types, or of two shapes, is computed as torch does it.
        """
        if other is not None:
            return functional.leaky_relu(self.activated(x, "none") + other, self.slope)
        if self.slope in (0, 1):
            return self.activated(x, "none" if self.slope else "relu")
        return self.activated(x, "leaky_relu", [self.slope])

    def activated(self, x: torch.Tensor, name: str, values: Sequence[float] = ()) -> torch.Tensor:
        """Return y of float[N, C, H, W] behind another activation, float[N, C', H, W].

        Args:
            x: of any float type.
            name, values: as oneDNN's operation takes them.
        """
        rows = x.to(self._dtype).permute(0, 2, 3, 1)
        operation: Any = torch.ops.mkldnn._linear_pointwise
        y: torch.Tensor = operation(
            rows.contiguous(), self._weight, self._bias, name, list(values), ""
        )
        return y.permute(0, 3, 1, 2)


def is_pointwise(layer: nn.Conv2d, dtype: torch.dtype) -> bool:
    """Whether a convolution is 1x1 and of many channels, and oneDNN's product is right here."""
    alone = set(layer.kernel_size) == {1} and layer.groups == 1 and keeps_size(layer)
    return alone and layer.in_channels >= _LEAST_INPUTS and is_sound(dtype)


@lru_cache
def is_sound(dtype: torch.dtype) -> bool:
    """Whether the private operators pass a trial, in every form that is used of them."""
    return torch.backends.mkldnn.is_available() and computes_rightly(
        lambda each: PointwiseConvolution(each, dtype),
        (1.0, 0.0, 0.1),
        torch.device("cpu"),
        dtype,
        kernel=1,
    )
