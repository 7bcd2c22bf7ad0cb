"""The core's own discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

_LAYERS = ((32, 1), (64, 2), (128, 2), (176, 2))  # feature maps and strides


class PatchDiscriminator(nn.Module):
    """Strided convolutions that judge overlapping patches, for crops from 16x16 up.

    The first layer keeps the resolution: what a denoiser leaves or blurs is as fine as a pixel.
    About 0.3 million parameters; no normalisation, so that no image's verdict depends on others.

    Args:
        channels: image channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels
        for outputs, stride in _LAYERS:
            layers += [nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.LeakyReLU(0.2)]
            inputs = outputs
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean of the patches' logits, float[N, 1]; above 0 means clean.

        Args:
            images: float[N, C, H, W] in [0, 1].
        """
        verdicts: Tensor = self.layers(2 * images - 1)
        return verdicts.mean((2, 3))
