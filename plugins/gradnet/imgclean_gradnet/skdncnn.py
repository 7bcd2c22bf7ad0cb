"""SKDnCNN: DnCNN with one long skip, GradNet's naive block (Section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from imgclean_gradnet.convolution import convolution, initialise_near_identity


class SKDnCNNBody(nn.Module):
    """Convolutions whose first input and last output both go on.

    Without batch norm each layer has a bias, so that it is what folding makes of the other.

    Args:
        width: channels of input and of each layer.
        layers: how many.
        batch_norm: normalise each.
    """

    def __init__(self, width: int, layers: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.width = 2 * width
        inner: list[nn.Module] = []
        for _ in range(layers):
            inner.append(convolution(width, width, bias=not batch_norm))
            if batch_norm:
                inner.append(nn.BatchNorm2d(width))
            inner.append(nn.ReLU(inplace=True))
        self.layers = nn.Sequential(*inner)
        if not batch_norm:
            initialise_near_identity(self.layers)

    def forward(self, features: Tensor) -> Tensor:
        """Return float[N, 2 width, H, W] of float[N, width, H, W]."""
        return torch.cat((features, self.layers(features)), 1)
