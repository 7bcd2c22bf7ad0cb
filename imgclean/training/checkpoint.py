"""The state of a training run on disk: written whole, read without running code."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from imgclean.atomic import replacing
from imgclean.errors import WeightsCorrupt

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINT_NAME = "checkpoint.pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Everything that a run needs to go on bit for bit.

    What is drawn at a step depends on the seed and the step alone, so no generator is kept.

    Attributes:
        step: optimiser steps taken.
        seconds: time spent in the loop so far.
        network, average: state dicts.
        optimisers: a state dict each.
    """

    step: int
    seconds: float
    network: dict[str, Any]
    average: dict[str, Any]
    optimisers: list[dict[str, Any]]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint, its folder if need be; a crash leaves the previous one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}
    with replacing(path) as temporary:
        torch.save(content, temporary)


def read_checkpoint(path: Path, device: torch.device) -> Checkpoint:
    """Return the checkpoint with its tensors on `device`.

    Raises:
        WeightsCorrupt: the file is damaged or is not a checkpoint of this program.
    """
    try:
        return Checkpoint(**torch.load(path, map_location=device, weights_only=True))
    except (OSError, RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsCorrupt(
            f"{path} is not a usable checkpoint ({type(error).__name__})",
            hint="start again without --resume",
        ) from error
