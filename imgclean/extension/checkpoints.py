"""What passes between the core and a plugin that knows a checkpoint from elsewhere. Types only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

NoiseSource = Literal["file name", "layout", "assumed"]
"""How a noise domain is known: published under that file name, published in that layout, or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignCheckpoint:
    """What the core read of a file that is no weight set.

    Attributes:
        file: its name, without folders.
        container: what holds the tensors: `PyTorch`, `PyTorch before 1.6`, `safetensors` or
            `MATLAB v7.3`.
        tensors: by name, finite float32 on the CPU, without batch norm's counters and without a
            wrapper's `module.` before the names. Layer N of a MatConvNet network, counted from 0,
            is `net.layers.N`: a convolution has `weight` [out, in, height, width] and `bias`, a
            batch norm `weight`, `bias` and `moments` [channels, 2], which are the mean and the
            standard deviation; `dilate` and `stride` are there where they are not 1.
    """

    file: str
    container: str
    tensors: Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What a plugin made of a checkpoint of its model.

    Attributes:
        layout: whose code writes such checkpoints.
        options: options of the network, `channels` among them.
        tensors: its state dict, without batch norm's counters.
        noise: spec string of what it was trained on.
        noise_source: how that is known.
    """

    layout: str
    options: Mapping[str, Any]
    tensors: Mapping[str, torch.Tensor]
    noise: str
    noise_source: NoiseSource = "assumed"
