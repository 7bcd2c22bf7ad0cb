"""A model whose options say how far it sees, and what it does with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn.functional import pad

from imgclean import ModelInfo, Tiling
from imgclean.weightsets.config import WeightSetConfig
from imgclean.weightsets.store import write_weight_set

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.weightsets.catalogue import WeightSet


class ShiftOptions(BaseModel):
    """`shift` leaves the tensors as they are."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    channels: int = 3
    shift: int = 0


class Shift(nn.Module):
    """Moves an image to the right, and repeats its left border."""

    def __init__(self, channels: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.gain = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:
        """Return float[N, C, H, W]."""
        return self.gain * pad(x, (self.shift, 0, 0, 0), mode="replicate")[..., : x.shape[3]]


def tiling(options: ShiftOptions) -> Tiling:
    """See as far as the image moves."""
    return Tiling(halo=options.shift)


SHIFT = ModelInfo(
    name="shift",
    title="Its input, moved",
    paper="none",
    factory="shift_model:Shift",
    options="shift_model:ShiftOptions",
    tiling="shift_model:tiling",
)


def write_shift_set(folder: Path) -> WeightSet:
    """Write a weight set that moves nothing."""
    config = WeightSetConfig(
        name="shift-none",
        model="shift",
        sha256="0" * 64,
        noise="gaussian:0-55",
        channels=3,
        options={"channels": 3},
    )
    return write_weight_set(folder, config, Shift(3, 0), "float32")
