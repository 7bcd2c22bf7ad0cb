"""DN-ResNet, and DS-DN-ResNet with depthwise separable blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_WIDE, _WIDTH = 64, 32
_FRESH = 1e-3  # deviation of the weights of an inserted block, as the paper has it


class DNResNet(nn.Module):
    """Conv 9x9, conv 5x5, ResBlocks of two 3x3 each, conv 5x5; a quarter of DnCNN's parameters.

    Learnable parameters with 5 blocks (13 layers): 149,761 gray, 161,731 colour; all separable:
    71,041 and 83,011. With 8 blocks (19 layers): 205,249 gray.

    A fresh block hardly changes what passes it, so that a trained network goes on as it was when
    one is inserted (cascade training), or takes the place of another (incremental evolution).

    Args:
        channels, blocks, separable, residual: see `DNResNetOptions`.
    """

    def __init__(
        self,
        channels: int = 3,
        blocks: int = 5,
        separable: int = 0,
        *,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.head = nn.Sequential(
            nn.Conv2d(channels, _WIDE, 9, padding=4),
            nn.ReLU(inplace=True),
            nn.Conv2d(_WIDE, _WIDTH, 5, padding=2),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.Sequential(
            *(SeparableBlock() if number < separable else ResBlock() for number in range(blocks))
        )
        self.tail = nn.Conv2d(_WIDTH, channels, 5, padding=2)
        for layer in (self.head[0], self.head[2]):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.tail.weight, std=_FRESH)
        nn.init.zeros_(self.tail.bias)

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:  # noqa: ARG002 - blind
        """Return the clean image.

        Args:
            x: float[N, channels, H, W] in [0, 1].
            sigma: not used, the network is blind.

        Returns:
            float[N, channels, H, W], not clamped.
        """
        y: Tensor = self.tail(self.blocks(self.head(x)))
        return x + y if self.residual else y


class ResBlock(nn.Module):
    """x + conv(relu(conv(x))): no batch norm, and no ReLU after the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        for layer in (self.conv1, self.conv2):
            nn.init.normal_(layer.weight, std=_FRESH)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return float[N, 32, H, W], as `x` is."""
        y: Tensor = self.conv2(self.relu(self.conv1(x)))
        return x + y


class SeparableBlock(nn.Module):
    """A ResBlock whose 3x3 convolutions are a depthwise 3x3 and a 1x1 each, nothing between."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise1 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, groups=_WIDTH)
        self.pointwise1 = nn.Conv2d(_WIDTH, _WIDTH, 1)
        self.relu = nn.ReLU(inplace=True)
        self.depthwise2 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, groups=_WIDTH)
        self.pointwise2 = nn.Conv2d(_WIDTH, _WIDTH, 1)
        self._initialise()

    def forward(self, x: Tensor) -> Tensor:
        """Return float[N, 32, H, W], as `x` is."""
        y: Tensor = self.relu(self.pointwise1(self.depthwise1(x)))
        y = self.pointwise2(self.depthwise2(y))
        return x + y

    @torch.no_grad()
    def _initialise(self) -> None:
        """Let only the last layer begin near 0: four such in a row would hardly be trained."""
        for layer in (self.depthwise1, self.pointwise1, self.depthwise2):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.pointwise2.weight, std=_FRESH)
        nn.init.zeros_(self.pointwise2.bias)
