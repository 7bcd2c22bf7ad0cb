"""How much a network computes for each pixel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from imgclean.extension.model_info import Tiling

_SIDE = 64


@torch.no_grad()
def multiplications_per_pixel(
    network: torch.nn.Module, channels: int, tiling: Tiling, sigma: float | None = None
) -> int:
    """Return the multiplications in convolutions and matrix products, for each output pixel.

    Counted on a small tile whose output is as large as its input: without the halo, which makes
    a tile compute more than it yields.

    Args:
        network: as `load_network` returns it, on the CPU.
        channels: of its images.
        tiling: of the network.
        sigma: standard deviation of the noise in units of [0, 1], for a noise-aware network.
    """
    side = math.ceil(_SIDE / tiling.alignment) * tiling.alignment
    image = torch.zeros(1, channels, side, side)
    with FlopCounterMode(display=False) as counter:
        network(image, None if sigma is None else torch.full((1,), sigma))
    operations: int = counter.get_total_flops()  # additions too
    return round(operations / 2 / side**2)
