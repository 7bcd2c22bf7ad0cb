"""What a model may be shown of a checkpoint's tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from imgclean.errors import CheckpointRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COUNTER = "num_batches_tracked"  # batch norm's; inference never reads it
_WRAPPER = "module."  # before every name where several GPUs have trained


def plain_tensors(named: Mapping[str, object], path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors in float32, without batch norm's counters and a wrapper's prefix.

    Raises:
        CheckpointRefused: there is none, one is not made of plain numbers, or not all are finite.
    """
    tensors = {
        name: _plain(name, each, path)
        for name, each in named.items()
        if not name.endswith(_COUNTER)
    }
    if not tensors:
        raise CheckpointRefused(f"{path} holds no tensors")
    while all(name.startswith(_WRAPPER) for name in tensors):
        tensors = {name.removeprefix(_WRAPPER): each for name, each in tensors.items()}
    return tensors


def _plain(name: str, value: object, path: Path) -> torch.Tensor:
    plain = (
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not (value.is_complex() or value.is_quantized)
    )
    if not plain:
        raise CheckpointRefused(f"{path}: {name} is no tensor of plain numbers")
    tensor = value.detach().float()  # type: ignore[attr-defined]
    if not tensor.isfinite().all():
        raise CheckpointRefused(
            f"{path}: {name} holds NaN or infinity", hint="its training failed: take an earlier one"
        )
    return tensor  # type: ignore[no-any-return]
