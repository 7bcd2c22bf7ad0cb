"""The 3x3 convolutions of both networks, and how they begin."""

from __future__ import annotations

import torch
from torch import nn

_SHARE = 0.1


def convolution(inputs: int, outputs: int, *, bias: bool = True) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the size, with He's initialisation."""
    layer = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=bias)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


@torch.no_grad()
def initialise_near_identity(layers: nn.Module) -> None:
    """Make each convolution of equal width the identity plus a tenth of what it was.

    ReLU passes what an earlier ReLU has made non-negative, so that a plain stack begins as a sum of
    short paths.
    """
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.mul_(_SHARE).add_(nn.init.dirac_(torch.empty_like(layer.weight)))


@torch.no_grad()
def begin_small(layer: nn.Conv2d) -> None:
    """Make what a convolution adds to a skip a tenth, so that the skip leads at first."""
    layer.weight.mul_(_SHARE)
