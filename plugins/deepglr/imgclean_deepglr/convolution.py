"""The 3x3 convolutions of the three networks."""

from __future__ import annotations

from torch import nn


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the size, with He's initialisation."""
    layer = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def convolution_and_relu(inputs: int, outputs: int) -> list[nn.Module]:
    """Return it with the activation behind it."""
    return [convolution(inputs, outputs), nn.ReLU(inplace=True)]
