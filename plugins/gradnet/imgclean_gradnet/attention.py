"""What channel attention averages over: the whole image, or as much as a training patch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    Attend = Callable[[nn.Module, Tensor], Tensor]
    """From a `ChannelAttention` and float[N, C, H, W] to factors for it."""


def over_the_image(attention: nn.Module, features: Tensor) -> Tensor:
    """Return the factors of each image, float[N, C, 1, 1]: squeeze and excitation as it is."""
    factors: Tensor = attention(features.mean((2, 3), keepdim=True))
    return factors


def over_windows(side: int) -> Attend:
    """Return what attends to a window around each pixel (Chu et al., ECCV 2022).

    Windows at the border lie inside of the image.

    Args:
        side: of the window in pixels.
    """

    def attend(attention: nn.Module, features: Tensor) -> Tensor:
        factors: Tensor = attention(_sliding_means(features, side))
        return factors

    return attend


class Held:
    """An `Attend` with factors that are there.

    Args:
        factors: float[1, C, 1, 1] of each attention.
    """

    def __init__(self, factors: dict[nn.Module, Tensor]) -> None:
        self.factors = factors

    def __call__(self, attention: nn.Module, features: Tensor) -> Tensor:
        """Return the factors of that attention, float[1, C, 1, 1]."""
        return self.factors[attention].to(features.dtype)


class Finding:
    """An `Attend` that keeps the factors of each crop of an image, averaged alone as in training.

    Attributes:
        factors: float[K, C, 1, 1] of each attention that was called, for K crops.
    """

    def __init__(self) -> None:
        self.factors: dict[nn.Module, Tensor] = {}

    def __call__(self, attention: nn.Module, features: Tensor) -> Tensor:
        """Return the factors of each crop, float[K, C, 1, 1]."""
        self.factors[attention] = over_the_image(attention, features)
        return self.factors[attention]


class Interpolated:
    """An `Attend` with factors that are known at the points of a grid, for the pixels of a tile.

    Args:
        factors: float[K, C, 1, 1] of each attention; K points, row by row.
        shape: rows and columns of the grid.
        positions: float[N, h, w, 2], across and down, of each pixel: -1 at the first point of the
            grid and 1 at the last. Beyond, the factors are those of the border.
    """

    def __init__(
        self, factors: dict[nn.Module, Tensor], shape: tuple[int, int], positions: Tensor
    ) -> None:
        self._factors = factors
        self._shape = shape
        self._positions = positions

    def __call__(self, attention: nn.Module, features: Tensor) -> Tensor:
        """Return the factors of that attention, float[N, C, h, w]."""
        points = self._factors[attention].float()[:, :, 0, 0]
        field = points.T.reshape(1, -1, *self._shape).expand(len(features), -1, -1, -1)
        interpolated = functional.grid_sample(
            field, self._positions, mode="bilinear", padding_mode="border", align_corners=True
        )
        return interpolated.to(features.dtype)


def _sliding_means(features: Tensor, side: int) -> Tensor:
    """Return the mean of the window around each pixel, float[N, C, H, W]."""
    height, width = (min(side, length) for length in features.shape[2:])
    down = functional.avg_pool2d(features.float(), (height, 1), stride=1)
    means = functional.avg_pool2d(down, (1, width), stride=1)
    top, left = height // 2, width // 2
    inside = (left, width - 1 - left, top, height - 1 - top)
    return functional.pad(means, inside, mode="replicate")
