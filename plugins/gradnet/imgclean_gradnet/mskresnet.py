"""MSKResnet: residual modules with short, medium and long skips, and attention (Figure 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from imgclean_gradnet.convolution import begin_small, convolution

if TYPE_CHECKING:
    from imgclean_gradnet.attention import Attend


class ResUnit(nn.Module):
    """Two convolutions with a skip over both, and a ReLU after the sum.

    Args:
        width: channels.
        batch_norm: normalise between the two.
    """

    def __init__(self, width: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.first = convolution(width, width)
        self.norm = nn.BatchNorm2d(width) if batch_norm else nn.Identity()
        self.second = convolution(width, width)
        begin_small(self.second)

    def forward(self, x: Tensor) -> Tensor:
        """Return float[N, width, H, W], as `x` is."""
        inner = functional.relu(self.norm(self.first(x)))
        return functional.relu(self.second(inner) + x)


class ResidualModule(nn.Module):
    """ResUnits; then a convolution of their output beside their input, the medium skip.

    Args:
        width: channels.
        units: ResUnits.
        batch_norm: normalise in each.
    """

    def __init__(self, width: int, units: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.units = nn.Sequential(*(ResUnit(width, batch_norm=batch_norm) for _ in range(units)))
        self.join = convolution(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return float[N, width, H, W], as `x` is."""
        return self.join(torch.cat((x, self.units(x)), 1))  # type: ignore[no-any-return]


class ChannelAttention(nn.Module):
    """What each channel is multiplied with, from the channels' means (squeeze and excitation).

    Args:
        width: channels; half of them, rounded down, lie between.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(width, width // 2, 1)
        self.excite = nn.Conv2d(width // 2, width, 1)

    def forward(self, means: Tensor) -> Tensor:
        """Return factors in (0, 1), float[N, width, h, w], as `means` is."""
        return torch.sigmoid(self.excite(functional.relu(self.squeeze(means))))


class MSKResnetBody(nn.Module):
    """Residual modules with attention after each, and a skip over all.

    It has no `forward`: what attention looks at differs, and the modules are to be prepared one by
    one, as `imgclean_denoise` calls them.

    Args:
        width: channels.
        modules: residual modules.
        units: ResUnits in each.
        batch_norm: normalise in each unit.
    """

    def __init__(self, width: int, modules: int, units: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.width = width
        self.units = units
        self.blocks = nn.ModuleList(
            ResidualModule(width, units, batch_norm=batch_norm) for _ in range(modules)
        )
        self.attentions = nn.ModuleList(ChannelAttention(width) for _ in range(modules))

    def radius_of(self, modules: int) -> int:
        """Return how far the first modules see, in pixels."""
        return modules * (2 * self.units + 1)

    def module_output(self, index: int, features: Tensor, attend: Attend) -> Tensor:
        """Return what one module gives, before it is multiplied; arguments as `attended`."""
        y = features
        for block, attention in zip(self.blocks[:index], self.attentions[:index], strict=True):
            y = block(y)
            y = y * attend(attention, y)
        return self.blocks[index](y)  # type: ignore[no-any-return]

    def attended(self, features: Tensor, attend: Attend) -> Tensor:
        """Return float[N, width, H, W] of the same.

        Args:
            features: float[N, width, H, W].
            attend: gives the factors for what an attention is to be multiplied with.
        """
        last = self.module_output(len(self.blocks) - 1, features, attend)
        return features + last * attend(self.attentions[-1], last)
