"""From a checkpoint's tensors to a weight set in memory: the models say whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import safetensors.torch
import torch
from pydantic import ValidationError

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import (
    AmbiguousModel,
    CheckpointRefused,
    InvalidSetting,
    PluginBroken,
    WeightsIncompatible,
    one_line,
)
from imgclean.extension.checkpoints import ForeignCheckpoint, Recognised
from imgclean.extension.import_string import resolve
from imgclean.weightsets.catalogue import Held, WeightSet
from imgclean.weightsets.config import UNKNOWN_LICENCE, Conversion, WeightSetConfig
from imgclean.weightsets.foreign.containers import read_checkpoint
from imgclean.weightsets.naming import printable_name, set_name, title_of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from imgclean.extension.model_info import ModelInfo


def read_foreign(path: Path, models: Sequence[ModelInfo], *, noise: str | None = None) -> WeightSet:
    """Return the weight set that a checkpoint from elsewhere is; nothing is written.

    Its `sha256` is the file's.

    Args:
        path: the file.
        models: those that are asked whether it is theirs.
        noise: what it was trained on, where the caller knows it.

    Raises:
        InvalidSetting: `noise` is no degradation.
        CheckpointRefused: it is no checkpoint, one that could run code, or no model reads any.
        WeightsCorrupt: it is damaged.
        WeightsIncompatible: it is of none of the models.
        AmbiguousModel: it could be of several.
        PluginBroken: a plugin failed.
    """
    if noise is not None:
        parse_degradation(noise)
    checkpoint, digest = read_checkpoint(path)
    info, found = _owner(checkpoint, path, [each for each in models if each.checkpoints])
    try:
        config = _config(info, checkpoint, found, digest, noise)
        return WeightSet(config, path.parent, Held(path, _stored(found)))
    except (
        InvalidSetting,
        ValidationError,
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
    ) as error:
        raise _broken(info, error) from error


def _owner(
    checkpoint: ForeignCheckpoint, path: Path, models: Sequence[ModelInfo]
) -> tuple[ModelInfo, Recognised]:
    """Return the model that takes the checkpoint, and what it made of it."""
    if not models:
        raise CheckpointRefused(
            f"{path} is no weight set, and no model here reads checkpoints from elsewhere",
            hint="`imgclean models` lists what is installed",
        )
    taken: dict[str, tuple[ModelInfo, Recognised]] = {}
    refusals: list[tuple[str, WeightsIncompatible]] = []
    for info in models:
        try:
            taken.setdefault(info.name, (info, _ask(info, checkpoint)))
        except WeightsIncompatible as error:
            refusals.append((info.name, error))
    if not taken:
        raise _of_none(path, refusals)
    if len(taken) > 1:
        raise AmbiguousModel(
            f"{path} could be of {' or '.join(sorted(taken))}", hint="say which with --model"
        )
    return next(iter(taken.values()))


def _ask(info: ModelInfo, checkpoint: ForeignCheckpoint) -> Recognised:
    recognise = cast("Callable[[ForeignCheckpoint], Recognised]", resolve(info.checkpoints or ""))
    try:
        found = recognise(checkpoint)
    except WeightsIncompatible:
        raise
    except Exception as error:
        raise _broken(info, error) from error
    if not isinstance(found, Recognised):
        raise _broken(info, TypeError(f"it returned {type(found).__name__}, not Recognised"))
    return found


def _of_none(path: Path, refusals: list[tuple[str, WeightsIncompatible]]) -> WeightsIncompatible:
    if len(refusals) == 1:
        return refusals[0][1].about(path)
    reasons = "; ".join(f"{name}: {error}" for name, error in refusals)
    return WeightsIncompatible(f"{path} is of no installed model: {reasons}")


def _broken(info: ModelInfo, error: Exception) -> PluginBroken:
    return PluginBroken(
        f"how model {info.name} reads checkpoints failed: {one_line(error)}",
        hint="report it to the plugin's authors",
    )


def _config(
    info: ModelInfo,
    checkpoint: ForeignCheckpoint,
    found: Recognised,
    digest: str,
    noise: str | None,
) -> WeightSetConfig:
    task = parse_degradation(noise or found.noise).task
    return WeightSetConfig(
        name=set_name(info.name, title_of_file(checkpoint.file)),
        model=info.name,
        sha256=digest,
        task=task if task in info.tasks else "denoise",
        noise=noise or found.noise,
        channels=found.options["channels"],
        options=dict(found.options),
        licence=UNKNOWN_LICENCE,
        provenance=Conversion(
            file=printable_name(checkpoint.file),
            container=checkpoint.container,
            layout=found.layout,
            sha256=digest,
            noise_source="given" if noise else found.noise_source,
        ),
    )


def _stored(found: Recognised) -> bytes:
    """Return the tensors as a safetensors file; each on its own, whatever they share."""
    tensors = {
        name: tensor.detach().to("cpu", torch.float32).clone().contiguous()
        for name, tensor in found.tensors.items()
    }
    return safetensors.torch.save(tensors, metadata={"format": "pt"})
