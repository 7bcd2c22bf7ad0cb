"""The multi-scale CNN: one look at a window of 9x9 pixels, and 1x1 convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST, _MORE = 32, 8  # feature maps of the smallest kernels, and how many more the next have
_WIDTH = 128
_OPEN = 2.0  # logit of a fresh gate, which lets 88 % through


def feature_maps(kernels: Sequence[int]) -> list[int]:
    """Return how many feature maps there are of each kernel size."""
    return [_FIRST + _MORE * index for index in range(len(kernels))]


class MSCNN(nn.Module):
    """Kernels of five sizes on the image, a gate that damps what is noisy, three 1x1 convolutions.

    With the default options 230,769 learnable parameters for gray images, 250,067 for colour. The
    layers are the paper's (Section 2.1): `scales` is L1, `damping` L2 to L4, `reconstruction` L5 to
    L7.

    Args:
        channels, kernels, damping, dropout: see `MSCNNOptions`.
    """

    def __init__(
        self,
        channels: int = 3,
        kernels: Sequence[int] = (1, 3, 5, 7, 9),
        *,
        damping: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        maps = feature_maps(kernels)
        features = sum(maps)
        self.scales = nn.ModuleList(
            _convolution(channels, outputs, size)
            for outputs, size in zip(maps, kernels, strict=True)
        )
        self.dropout = nn.Dropout(dropout)
        self.damping = _gate(features) if damping else None
        self.reconstruction = nn.Sequential(
            _convolution(features, _WIDTH, 1),
            nn.ReLU(inplace=True),
            _convolution(_WIDTH, _WIDTH, 1),
            nn.ReLU(inplace=True),
            _convolution(_WIDTH, channels, 1),
        )

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:  # noqa: ARG002 - blind
        """Return the clean image.

        Args:
            x: float[N, channels, H, W] in [0, 1].
            sigma: not used, the network is blind.

        Returns:
            float[N, channels, H, W], not clamped.
        """
        features = torch.cat([scale(x) for scale in self.scales], dim=1).relu()
        features = self.dropout(features)
        if self.damping is not None:
            features = features * self.damping(features)
        clean: Tensor = self.reconstruction(features)
        return clean


def _gate(features: int) -> nn.Sequential:
    """Return L2 to L4, which begin nearly open, so that what was learnt without them goes on."""
    last = _convolution(features, features, 1)
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, _OPEN)  # type: ignore[arg-type]
    return nn.Sequential(
        _convolution(features, features, 1),
        nn.ReLU(inplace=True),
        _convolution(features, features, 1),
        nn.ReLU(inplace=True),
        last,
        nn.Sigmoid(),
    )


def _convolution(inputs: int, outputs: int, size: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
