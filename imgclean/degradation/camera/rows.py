"""Numbers of which each row of a batch has its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from imgclean.degradation.base import Levels


def spread(values: torch.Tensor) -> torch.Tensor:
    """Return float32[N] as [N, 1, 1, 1], to be multiplied with images."""
    return values.view(-1, 1, 1, 1)


def times_matrix(image: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Return float32[N, 3, H, W] with each pixel's colour times a matrix, [3, 3] or [N, 3, 3]."""
    return (matrix @ image.flatten(2)).view(image.shape)


class Draw:
    """Draws one number for each row, from one generator, always all rows in one go.

    Args:
        count: of rows.
        generator: whose device the numbers are on.
    """

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count = count
        self._generator = generator

    def share(self) -> torch.Tensor:
        """Return float32[N], uniform in [0, 1)."""
        return torch.rand(self._count, generator=self._generator, device=self._generator.device)

    def uniform(self, low: float, high: float) -> torch.Tensor:
        """Return float32[N], uniform."""
        return low + self.share() * (high - low)

    def logarithmic(self, levels: Levels) -> torch.Tensor:
        """Return float32[N] whose logarithms are uniform."""
        return levels.low * torch.exp(self.share() * math.log(levels.high / levels.low))

    def normal(self, mean: float, deviation: float) -> torch.Tensor:
        """Return float32[N], normally distributed."""
        device = self._generator.device
        return mean + deviation * torch.randn(self._count, generator=self._generator, device=device)

    def happens(self, probability: float) -> torch.Tensor:
        """Return bool[N]."""
        return self.share() < probability

    def whole(self, below: int) -> torch.Tensor:
        """Return int64[N], each of 0 to `below` - 1 equally likely."""
        return (self.share() * below).long()
