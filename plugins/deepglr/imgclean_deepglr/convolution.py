"""The 3x3 convolutions of the three networks."""

from __future__ import annotations

import torch
from torch import nn

_SHARE = 0.1


@torch.no_grad()
def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the size, with He's initialisation.

    Of equal width it begins as the identity and a tenth of that: ReLU passes what an earlier ReLU
    has made non-negative, so that a plain stack begins as a sum of short paths, and learns faster.
    """
    layer = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    if inputs == outputs:
        layer.weight.mul_(_SHARE).add_(nn.init.dirac_(torch.empty_like(layer.weight)))
    return layer


def convolution_and_relu(inputs: int, outputs: int) -> list[nn.Module]:
    """Return it with the activation behind it."""
    return [convolution(inputs, outputs), nn.ReLU(inplace=True)]
