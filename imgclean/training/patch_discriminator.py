"""The core's own discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import avg_pool2d

if TYPE_CHECKING:
    from torch import Tensor

_LAYERS = ((32, 1), (64, 2), (128, 2), (176, 2))  # feature maps and strides
_SLOPE = 0.2  # of the activation below 0
_DETAIL = 8  # brings fine detail to about the range of the image


class PatchDiscriminator(nn.Module):
    """Strided convolutions that judge overlapping patches, for crops from 16x16 up.

    What a denoiser leaves or blurs is as fine as a pixel: so the first layer keeps the resolution,
    and sees beside the image how each pixel differs from the mean of its neighbourhood, without
    which it needs many more steps to look there. About 0.3 million parameters; no normalisation,
    so that no image's verdict depends on others.

    Args:
        channels: image channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 2 * channels
        for outputs, stride in _LAYERS:
            layer = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
            nn.init.kaiming_normal_(layer.weight, _SLOPE)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
            layers += [layer, nn.LeakyReLU(_SLOPE)]
            inputs = outputs
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean of the patches' logits, float[N, 1]; above 0 means clean.

        Args:
            images: float[N, C, H, W] in [0, 1].
        """
        mean = avg_pool2d(images, 3, 1, padding=1, count_include_pad=False)
        detail = _DETAIL * (images - mean)
        verdicts: Tensor = self.layers(torch.cat([2 * images - 1, detail], dim=1))
        return verdicts.mean((2, 3))
