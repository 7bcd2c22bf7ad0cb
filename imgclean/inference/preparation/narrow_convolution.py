"""A convolution to few channels, as one that computes several pixels at once.

oneDNN computes as many outputs of a pixel as a vector register holds, whether they are wanted or
not: of a last layer to three channels, sixteen. Here these are the channels of a cell of pixels,
all of which a slightly larger kernel sees; it moves from cell to cell.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from imgclean.inference.preparation.geometry import keeps_size
from imgclean.inference.preparation.packed_convolution import PackedConvolution

if TYPE_CHECKING:
    from imgclean.inference.preparation.fusion import Convolution

_AT_ONCE = 16  # float32 numbers in a register of 512 bits


class NarrowConvolution(nn.Module):
    """out = max(y, slope * y), y = conv(x) + bias [+ other].

    Args:
        convolution: what to compute, in float32; see `repays`.
    """

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        self._side = cell_side(convolution.layer)
        self._slope = convolution.slope
        of_cells = dataclasses.replace(
            convolution, layer=_of_cells(convolution.layer, self._side), slope=1.0
        )
        self._convolution = PackedConvolution(of_cells, torch.float32)

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        """Return float[N, C', H, W].

        Args:
            x: float[N, C, H, W], of any float type.
            other: is added.
        """
        height, width = x.shape[2:]
        missing = (0, -width % self._side, 0, -height % self._side)
        cells = self._convolution(functional.pad(x, missing) if any(missing) else x)
        y = functional.pixel_shuffle(cells, self._side)[:, :, :height, :width]
        if other is not None:
            y = y + other
        return y if self._slope == 1 else functional.leaky_relu(y, self._slope)


def repays(layer: nn.Conv2d) -> bool:
    """Whether a convolution is less work cell by cell: to few channels, with a kernel of some size.

    And of the usual kind: not strided, dilated or grouped, its result as large as its input.
    """
    plain = layer.groups == 1 and set(layer.dilation) == {1} and keeps_size(layer)
    return plain and cell_side(layer) > 1 and min(layer.kernel_size) > 1


def cell_side(layer: nn.Conv2d) -> int:
    """Return the side of the largest square of pixels whose outputs are computed at once."""
    side = 1
    while layer.out_channels * (side + 1) ** 2 <= _AT_ONCE:
        side += 1
    return side


def _of_cells(layer: nn.Conv2d, side: int) -> nn.Conv2d:
    """Return a convolution to the channels of cells, in the order of `pixel_shuffle`."""
    outputs, inputs, height, width = layer.weight.shape
    weight = layer.weight.new_zeros(
        outputs, side, side, inputs, height + side - 1, width + side - 1
    )
    for y in range(side):
        for x in range(side):
            weight[:, y, x, :, y : y + height, x : x + width] = layer.weight.detach()
    wide = nn.Conv2d(
        inputs,
        outputs * side**2,
        (height + side - 1, width + side - 1),
        stride=side,
        padding=(height // 2, width // 2),
        bias=layer.bias is not None,
        device=weight.device,
    )
    wide.weight = nn.Parameter(weight.flatten(0, 2), requires_grad=False)
    if layer.bias is not None:
        repeated = layer.bias.detach().repeat_interleave(side**2)
        wide.bias = nn.Parameter(repeated, requires_grad=False)
    return wide
