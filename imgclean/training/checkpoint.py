"""The state of a training run on disk: written whole, read without running code."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import torch

from imgclean.atomic import refusal, replacing
from imgclean.errors import RunUnwritable, WeightsCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKPOINT_NAME = "checkpoint.pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Everything that a run needs to go on bit for bit.

    What is drawn at a step depends on the seed, the stage and the step alone, so neither a
    generator nor a position in the data is kept beside them.

    Attributes:
        stage: index of the stage.
        ahead: batches that the discriminator was shown alone, before the first step.
        ahead_seconds: time spent on that.
        step: optimiser steps taken in it.
        seconds: time spent in its loop so far.
        network, average: state dicts.
        optimisers: a state dict each.
        adversary: state of the discriminator, or None.
        tally: sums since the latest row of the log.
        rate_scale: share of the recipe's rates that is left after setbacks.
        setbacks: how often the stage went back because the loss was no number.
        plateau: factor, best figure and figures waited since then.
        standing: where the stage began, and its best weights where they are to be kept.
    """

    stage: int
    ahead: int
    ahead_seconds: float
    step: int
    seconds: float
    network: dict[str, Any]
    average: dict[str, Any]
    optimisers: list[dict[str, Any]]
    adversary: dict[str, Any] | None
    tally: dict[str, Any]
    rate_scale: float
    setbacks: int
    plateau: tuple[float, float | None, int]
    standing: dict[str, Any]


@contextmanager
def writing_run(folder: Path) -> Iterator[None]:
    """Turn an operating system's refusal to write to a run folder into a typed error."""
    try:
        yield
    except OSError as error:
        message, hint = refusal(folder, error)
        raise RunUnwritable(message, hint=hint) from error


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint, its folder if need be; a crash leaves the previous one.

    Raises:
        RunUnwritable: the disk is full, say.
    """
    content = BytesIO()  # torch.save to a file hides why the system refuses to write it
    fields = {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}
    torch.save(fields, content)
    with writing_run(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content.getbuffer())


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint, its tensors on the CPU.

    Raises:
        WeightsCorrupt: the file is damaged or is not a checkpoint of this program.
    """
    try:
        return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsCorrupt(
            f"{path} is not a usable checkpoint ({type(error).__name__})",
            hint="start again without --resume",
        ) from error
