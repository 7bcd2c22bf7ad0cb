"""Whether fused operators compute what they should, where they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from imgclean.inference.preparation.fusion import Convolution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}


def computes_rightly(
    make: Callable[[Convolution], nn.Module],
    slopes: Iterable[float],
    device: torch.device,
    dtype: torch.dtype,
    kernel: int = 3,
) -> bool:
    """Try operators on a small convolution, with each of the slopes, alone and with a sum.

    Args:
        make: returns the module that uses them; it, or its `forward`, may raise.
        slopes: of negative values.
        device, dtype: where, and in which precision.
        kernel: side of the convolution's kernel.
    """
    try:
        return all(
            bool((found.float() - expected).abs().max() <= _TOLERANCE[dtype])
            for found, expected in _trials(make, slopes, device, dtype, kernel)
        )
    except (RuntimeError, AttributeError, TypeError):
        return False


@torch.no_grad()
def _trials(
    make: Callable[[Convolution], nn.Module],
    slopes: Iterable[float],
    device: torch.device,
    dtype: torch.dtype,
    kernel: int,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield what the operators compute, and what they should."""
    generator = torch.Generator().manual_seed(0)
    x, other = torch.rand(2, 1, 16, 24, 40, generator=generator).to(device, dtype)
    layer = nn.Conv2d(16, 16, kernel, padding=kernel // 2)
    for parameter in layer.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) / 12)
    layer.to(device)
    plain = functional.conv2d(x.float(), layer.weight, layer.bias, padding=kernel // 2)
    for slope in slopes:
        module = make(Convolution(layer, slope))
        yield module(x), functional.leaky_relu(plain, slope)
        yield module(x, other), functional.leaky_relu(plain + other.float(), slope)
