"""One training run, from a recipe to a weight set: what `imgclean train` does."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from pydantic import ValidationError

from imgclean import __version__
from imgclean.atomic import replacing
from imgclean.errors import InputNotFound, InvalidSetting, OutputExists
from imgclean.events import Note
from imgclean.extension.requests import Raster, TrainJob, TrainResult
from imgclean.images.collection import CleanImages, read_clean_images
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import (
    choose_device,
    choose_precision,
    device_name,
    forbid_tf32,
)
from imgclean.inference.settings import InferenceSettings
from imgclean.training.checkpoint import CHECKPOINT_NAME, writing_run
from imgclean.training.loop import train_supervised
from imgclean.training.patches import PatchSource
from imgclean.training.recipe import Recipe
from imgclean.training.validation import validate
from imgclean.weightsets.catalogue import WeightSet, find, installed
from imgclean.weightsets.config import Provenance, WeightSetConfig
from imgclean.weightsets.network import build_network, load_tensors, validate_options
from imgclean.weightsets.store import write_config, write_weight_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.events import Emit
    from imgclean.extension.model_info import ModelInfo

RECIPE_NAME = "recipe.json"
_UNHASHED = "0" * 64  # replaced when the weights are written


def stored_recipe(output: Path) -> Recipe | None:
    """Return the recipe of the run in `output`, or None if there is no run.

    Raises:
        InvalidSetting: there is one that cannot be read.
    """
    path = output / RECIPE_NAME
    if not path.exists():
        return None
    try:
        return Recipe.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidSetting(
            f"{path} is not a recipe that this version can read", hint="start a new run"
        ) from error


def train(
    recipe: Recipe,
    info: ModelInfo,
    output: Path,
    *,
    emit: Emit,
    device: str = "auto",
    resume: bool = False,
    plugin_training: Callable[[TrainJob], TrainResult | None] = lambda _: None,
    plugin_denoise: Callable[..., Raster | None] = lambda **_: None,
) -> WeightSet:
    """Train the recipe's model and leave a weight set in `output`.

    Args:
        recipe: what to train, on what, how.
        info: the recipe's model.
        output: the run folder; it becomes the weight set.
        emit: gets progress, warnings and notes.
        device: as `--device`.
        resume: go on from the run's checkpoint; a finished run is written out anew.
        plugin_training: the owning plugin's `imgclean_train`; None from it means the core's loop.
        plugin_denoise: the owning plugin's `imgclean_denoise`, for validation.

    Raises:
        OutputExists: there is a run in `output` and `resume` is not set.
        InvalidSetting: the options do not fit the model.
        DataUnusable: no image can be trained on.
        RunUnwritable: the run folder cannot be written to.
        KeyboardInterrupt: the user asked to stop; `resume` goes on from there.
    """
    checkpoint = output / CHECKPOINT_NAME
    if not resume and (stored_recipe(output) or checkpoint.exists()):
        raise OutputExists(
            f"{output} holds a training run", hint="use --resume to go on, or another --out"
        )
    options = validate_options(info, recipe.options)
    channels = int(getattr(options, "channels", 3))
    if not info.needs_weights:
        raise InvalidSetting(f"{info.name} has nothing to train", hint="see `imgclean models`")
    for each in recipe.validate_on:
        if not Path(each).exists():
            raise InputNotFound(f"{each} does not exist")
    if channels not in info.channels:
        raise InvalidSetting(f"{info.name} is not made for {channels} channels")
    if recipe.init is not None:
        find(recipe.init, installed())  # refuses what is not there before any work
    place = choose_device(device)
    data = tuple(Path(each) for each in recipe.data)
    images = read_clean_images(data, channels=channels, smallest=recipe.patch, emit=emit)
    _write_recipe(output, recipe)
    job = TrainJob(
        recipe=recipe,
        model=info,
        data=data,
        output=output,
        emit=emit,
        device=str(place),
        checkpoint=checkpoint if resume and checkpoint.exists() else None,
    )
    result = plugin_training(job) or _train_in_core(job, images, place)
    config = _config(job, images, result, channels, place)
    with writing_run(output):
        weights = write_weight_set(output, config, result.network, recipe.store)
    if not recipe.validate_on:
        return weights
    denoiser = Denoiser(info, weights, InferenceSettings(), place, plugin_denoise)
    results = validate(denoiser, recipe.validate_on, emit)
    config = weights.config.model_copy(update={"results": results})
    with writing_run(output):
        write_config(output, config)
    return WeightSet(config, output)


def _train_in_core(job: TrainJob, images: CleanImages, device: torch.device) -> TrainResult:
    recipe: Recipe = job.recipe
    forbid_tf32()
    precision = choose_precision(recipe.precision, job.model, device, np.dtype(np.uint8))
    job.emit(
        Note(
            message=f"training {job.model.name} on {len(images.images)} images, "
            f"{device_name(device)}, {precision}"
        )
    )
    return train_supervised(
        _initial_network(job.model, recipe),
        recipe,
        PatchSource(images.images, recipe.patch, device),
        job.output,
        device=device,
        autocast=precision == "bf16",
        noise_aware=job.model.noise_aware,
        emit=job.emit,
        resume=job.checkpoint is not None,
    )


def _initial_network(info: ModelInfo, recipe: Recipe) -> torch.nn.Module:
    options = validate_options(info, recipe.options)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        network = build_network(info, options)
    if recipe.init is not None:
        load_tensors(info, network, find(recipe.init, installed()))
    return network


def _config(
    job: TrainJob, images: CleanImages, result: TrainResult, channels: int, device: torch.device
) -> WeightSetConfig:
    recipe: Recipe = job.recipe
    return WeightSetConfig(
        name=_set_name(job.model.name, job.output),
        model=job.model.name,
        sha256=_UNHASHED,
        noise=recipe.noise,
        channels=channels,
        options={**recipe.options, "channels": channels},
        provenance=Provenance(
            recipe=recipe.model_dump(exclude={"data", "validate_on", "init"}),
            data=[folder.resolve().name for folder in job.data],
            images=len(images.images),
            steps=result.steps,
            minutes=round(result.seconds / 60, 2),
            machine=device_name(device),
            versions={"imgclean": __version__, "torch": version("torch")},
            begun_from=(find(recipe.init, installed()).config.provenance if recipe.init else None),
        ),
    )


def _set_name(model: str, output: Path) -> str:
    """Return `<model>-<folder name>`, in the characters that a set's name may have."""
    folder = re.sub(r"[^a-z0-9._-]+", "-", output.resolve().name.lower()).strip("-._") or "run"
    return folder if folder.startswith(model) else f"{model}-{folder}"


def _write_recipe(output: Path, recipe: Recipe) -> None:
    with writing_run(output):
        output.mkdir(parents=True, exist_ok=True)
        with replacing(output / RECIPE_NAME) as temporary:
            temporary.write_text(recipe.model_dump_json(indent=2) + "\n", encoding="utf-8")
