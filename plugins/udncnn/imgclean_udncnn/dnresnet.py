"""DN-ResNet, and DS-DN-ResNet with depthwise separable blocks."""

from __future__ import annotations

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
            _convolution(channels, _WIDE, 9),
            nn.ReLU(inplace=True),
            _convolution(_WIDE, _WIDTH, 5),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.Sequential(
            *(SeparableBlock() if number < separable else ResBlock() for number in range(blocks))
        )
        self.tail = _convolution(_WIDTH, channels, 5, deviation=_FRESH)

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
        self.conv1 = _convolution(_WIDTH, _WIDTH, 3, deviation=_FRESH)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _convolution(_WIDTH, _WIDTH, 3, deviation=_FRESH)

    def forward(self, x: Tensor) -> Tensor:
        """Return float[N, 32, H, W], as `x` is."""
        y: Tensor = self.conv2(self.relu(self.conv1(x)))
        return x + y


class SeparableBlock(nn.Module):
    """A ResBlock whose 3x3 convolutions are a depthwise 3x3 and a 1x1 each, nothing between.

    Only its last layer begins near 0: four such in a row would hardly be trained.
    """

    def __init__(self) -> None:
        super().__init__()
        self.depthwise1 = _convolution(_WIDTH, _WIDTH, 3, groups=_WIDTH)
        self.pointwise1 = _convolution(_WIDTH, _WIDTH, 1)
        self.relu = nn.ReLU(inplace=True)
        self.depthwise2 = _convolution(_WIDTH, _WIDTH, 3, groups=_WIDTH)
        self.pointwise2 = _convolution(_WIDTH, _WIDTH, 1, deviation=_FRESH)

    def forward(self, x: Tensor) -> Tensor:
        """Return float[N, 32, H, W], as `x` is."""
        y: Tensor = self.relu(self.pointwise1(self.depthwise1(x)))
        y = self.pointwise2(self.depthwise2(y))
        return x + y


def _convolution(
    inputs: int, outputs: int, size: int, *, groups: int = 1, deviation: float | None = None
) -> nn.Conv2d:
    """Return a layer whose weights begin normal, with a deviation, or else as He has them."""
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, groups=groups)
    if deviation is None:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    else:
        nn.init.normal_(layer.weight, std=deviation)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
