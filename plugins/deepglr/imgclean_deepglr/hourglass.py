"""CNN_F: the exemplars, feature maps that tell which neighbouring pixels belong together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from imgclean_deepglr.convolution import convolution, convolution_and_relu

EXEMPLARS = 3
SHRINKING = 4
"""Sides of what is pooled twice are multiples of it."""

RADIUS_UP_LEFT, RADIUS_DOWN_RIGHT = 21, 24
"""How far an exemplar sees, in pixels: both poolings and the enlargements lean to one side."""


class Hourglass(nn.Module):
    """The hourglass of Figure 4, with two skips: 407,907 parameters for colour.

    Args:
        channels: of the image.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            *convolution_and_relu(channels, 32), *convolution_and_relu(32, 32)
        )
        self.down = nn.Sequential(
            *convolution_and_relu(32, 64), nn.MaxPool2d(2), *convolution_and_relu(64, 64)
        )
        self.deep = nn.Sequential(
            *convolution_and_relu(64, 64), nn.MaxPool2d(2), *convolution_and_relu(64, 128)
        )
        self.enlarge_deep = _enlarging(128, 64)
        self.up = nn.Sequential(*convolution_and_relu(128, 64), *convolution_and_relu(64, 64))
        self.enlarge = _enlarging(64, 32)
        self.head = nn.Sequential(
            *convolution_and_relu(64, 32), *convolution_and_relu(32, 32), convolution(32, EXEMPLARS)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the exemplars, float[N, 3, H, W], of float[N, C, H, W] with H, W from 2 on."""
        height, width = x.shape[2:]
        missing = (0, -width % SHRINKING, 0, -height % SHRINKING)
        fine = self.fine(functional.pad(x, missing, mode="reflect"))
        down = self.down(fine)
        deep = self.enlarge_deep(self.deep(down))
        up = self.enlarge(self.up(torch.cat([deep, down], 1)))
        exemplars: Tensor = self.head(torch.cat([up, fine], 1))
        return exemplars[:, :, :height, :width]


def _enlarging(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """Return the transposed convolution that doubles both sides."""
    layer = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
