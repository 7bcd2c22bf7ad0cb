"""UDnCNN, DUDnCNN, and the DnCNN that they are compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from imgclean_udncnn.options import dilations_of

if TYPE_CHECKING:
    from imgclean_udncnn.options import Dilations, Normalisation, Variant

_WIDTH = 64
_CELL = 4  # side of the pixels that one value stands for after both poolings


class UDnCNN(nn.Module):
    """Eight convolutions that predict the noise; 225,859 parameters for colour images.

    conv, ReLU; six times conv, batch norm, ReLU; conv. Inside, the image is in [-1, 1].

    - `udncnn`: 2x2 max-pooling follows convolutions 1 and 2, counted from 0; 5 and 6 take the mean
      of what they follow and the pooled maps, times sqrt 2, and are followed by unpooling.
    - `dudncnn`: the same skips, with dilations in the place of pooling.
    - `dncnn`: neither.

    Args:
        channels, variant, dilations, normalisation: see `UDnCNNOptions`.
    """

    def __init__(
        self,
        channels: int = 3,
        variant: Variant = "udncnn",
        dilations: Dilations = "mirrored",
        normalisation: Normalisation = "damped",
    ) -> None:
        super().__init__()
        self.pools = variant == "udncnn"
        self.has_skips = variant != "dncnn"
        first, *inner, last = dilations_of(variant, dilations)
        self.first = nn.Sequential(_convolution(channels, _WIDTH, first), nn.ReLU(inplace=True))
        self.inner = nn.ModuleList(
            nn.Sequential(
                _convolution(_WIDTH, _WIDTH, each),
                _batch_norm(normalisation),
                nn.ReLU(inplace=True),
            )
            for each in inner
        )
        self.last = nn.Conv2d(_WIDTH, channels, 3, padding=last, dilation=last)

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:  # noqa: ARG002 - blind
        """Return the clean image.

        Args:
            x: float[N, channels, H, W] in [0, 1], of any size.
            sigma: not used, the network is blind.

        Returns:
            float[N, channels, H, W], not clamped.
        """
        height, width = x.shape[2:]
        if self.pools and min(height, width) < _CELL:
            missing = (0, max(0, _CELL - width), 0, max(0, _CELL - height))
            x = functional.pad(x, missing, mode="replicate")
        y: Tensor = self._through_inner(self.first(2 * x - 1))
        # What it predicts is of the image in [-1, 1], where noise is twice as high.
        clean: Tensor = x + self.last(y) / 2
        return clean[:, :, :height, :width]

    def _through_inner(self, h: Tensor) -> Tensor:
        one, two, three, four, five, six = self.inner
        if not self.has_skips:
            return six(five(four(three(two(one(h))))))  # type: ignore[no-any-return]
        whole, half = h.shape[2:], [each // 2 for each in h.shape[2:]]
        after_one, cells_one = self._pooled(one(h))
        after_two, cells_two = self._pooled(two(after_one))
        h = five(_joined(four(three(after_two)), after_two))
        h = self._unpooled(h, cells_two, half)
        return self._unpooled(six(_joined(h, after_one)), cells_one, whole)

    def _pooled(self, h: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the largest of each 2x2 cell, and where in the map it was."""
        if not self.pools:
            return h, None
        largest, where = functional.max_pool2d(h, 2, return_indices=True)
        return largest, where

    def _unpooled(self, h: Tensor, where: Tensor | None, size: list[int] | torch.Size) -> Tensor:
        """Put each value where the largest of its cell was, zeros elsewhere."""
        if where is None:
            return h
        with torch.autocast(h.device.type, enabled=False):  # would copy to float32, to move values
            return functional.max_unpool2d(h, where, [2, 2], output_size=list(size))


def _joined(h: Tensor, earlier: Tensor) -> Tensor:
    """Return the sum of two maps, scaled so that its variance is theirs."""
    return (h + earlier) / math.sqrt(2)


def _convolution(inputs: int, outputs: int, dilation: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer


def _batch_norm(kind: Normalisation) -> nn.BatchNorm2d:
    if kind == "standard":
        return nn.BatchNorm2d(_WIDTH)
    damped = nn.BatchNorm2d(_WIDTH, eps=64.0)
    nn.init.constant_(damped.weight, 10.0)
    return damped
