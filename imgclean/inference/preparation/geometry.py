"""How a convolution moves over an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def geometry_of(layer: nn.Conv2d) -> tuple[list[int], list[int], list[int], int]:
    """Return padding, stride and dilation, rows first, and the number of groups."""
    return _padding(layer), list(layer.stride), list(layer.dilation), layer.groups


def is_symmetric(layer: nn.Conv2d) -> bool:
    """Whether both sides are padded alike, as an even kernel's under `same` are not."""
    sizes = zip(layer.kernel_size, layer.dilation, strict=True)
    return layer.padding != "same" or all((k - 1) * d % 2 == 0 for k, d in sizes)


def keeps_size(layer: nn.Conv2d) -> bool:
    """Whether the output has the input's height and width."""
    sizes = zip(layer.kernel_size, layer.dilation, _padding(layer), strict=True)
    return all(s == 1 for s in layer.stride) and all((k - 1) * d == 2 * p for k, d, p in sizes)


def _padding(layer: nn.Conv2d) -> list[int]:
    if layer.padding == "same":
        sizes = zip(layer.kernel_size, layer.dilation, strict=True)
        return [(k - 1) * d // 2 for k, d in sizes]
    return [0, 0] if isinstance(layer.padding, str) else list(layer.padding)
