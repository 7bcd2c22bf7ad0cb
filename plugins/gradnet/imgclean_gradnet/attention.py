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
    """An `Attend` that finds the factors over several crops of an image, module after module.

    Each crop is averaged alone, as in training; the factors are the mean over the crops.

    Attributes:
        factors: float[1, C, 1, 1] of each attention that was called.
    """

    def __init__(self) -> None:
        self.factors: dict[nn.Module, Tensor] = {}

    def __call__(self, attention: nn.Module, features: Tensor) -> Tensor:
        """Return the factors for all crops, float[1, C, 1, 1]."""
        self.factors[attention] = over_the_image(attention, features).mean(0, keepdim=True)
        return self.factors[attention]


def _sliding_means(features: Tensor, side: int) -> Tensor:
    """Return the mean of the window around each pixel, float[N, C, H, W]."""
    height, width = (min(side, length) for length in features.shape[2:])
    down = functional.avg_pool2d(features.float(), (height, 1), stride=1)
    means = functional.avg_pool2d(down, (1, width), stride=1)
    top, left = height // 2, width // 2
    inside = (left, width - 1 - left, top, height - 1 - top)
    return functional.pad(means, inside, mode="replicate")
