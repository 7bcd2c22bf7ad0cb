"""The network of Zhang et al. 2017, Section III."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from imgclean_dncnn.options import Initialisation


class DnCNN(nn.Module):
    """A plain stack of 3x3 convolutions that predicts the noise.

    Conv + ReLU; then `depth - 2` times conv + batch norm + ReLU; then conv. Learnable
    parameters: 556,097 (depth 17, gray), 667,073 (20, gray), 669,379 (20, colour).

    Args:
        channels, depth, width, batch_norm, residual, initialisation: see `DnCNNOptions`.
    """

    def __init__(
        self,
        channels: int = 3,
        depth: int = 20,
        width: int = 64,
        *,
        batch_norm: bool = True,
        residual: bool = True,
        initialisation: Initialisation = "he",
    ) -> None:
        super().__init__()
        self.residual = residual
        layers: list[nn.Module] = [_convolution(channels, width), nn.ReLU(inplace=True)]
        for _ in range(depth - 2):
            layers.append(_convolution(width, width, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
        layers.append(_convolution(width, channels))
        self.layers = nn.Sequential(*layers)
        self._initialise(initialisation)

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:  # noqa: ARG002 - blind
        """Return the clean image: x - R(x), equation (1) of the paper.

        Args:
            x: float[N, channels, H, W] in [0, 1].
            sigma: not used, the network is blind.

        Returns:
            float[N, channels, H, W], not clamped.
        """
        y: Tensor = self.layers(x)
        return x - y if self.residual else y

    def _initialise(self, initialisation: Initialisation) -> None:
        convolutions = [m for m in self.layers if isinstance(m, nn.Conv2d)]
        for convolution in convolutions:
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            if convolution.bias is not None:
                nn.init.zeros_(convolution.bias)
        if initialisation == "dirac":
            _initialise_near_identity(convolutions)
        if initialisation == "small-gain":
            for normalisation in (m for m in self.layers if isinstance(m, nn.BatchNorm2d)):
                gains = normalisation.weight
                nn.init.normal_(gains, std=math.sqrt(2 / (9 * len(gains))))


def _convolution(inputs: int, outputs: int, *, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=bias)


@torch.no_grad()
def _initialise_near_identity(convolutions: list[nn.Conv2d]) -> None:
    """Make each inner layer the identity plus a tenth of its He initialisation.

    ReLU passes what an earlier ReLU has made non-negative, so that the stack begins as the sum
    of short paths, as a residual network does, and stays a plain DnCNN.
    """
    for convolution in convolutions[1:-1]:
        identity = nn.init.dirac_(torch.empty_like(convolution.weight))
        convolution.weight.mul_(0.1).add_(identity)
    convolutions[-1].weight.mul_(0.1)
