"""From a trained network to a weight set: what it is, how it came to be, how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from imgclean import __version__
from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.results import as_results
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import device_name
from imgclean.inference.settings import InferenceSettings
from imgclean.training.checkpoint import writing_run
from imgclean.training.fold_measurement import FoldLines, measure_fold
from imgclean.training.validation import validate
from imgclean.weightsets.catalogue import WeightSet, find, installed
from imgclean.weightsets.config import Provenance, WeightSetConfig
from imgclean.weightsets.naming import set_name
from imgclean.weightsets.network import channels_of
from imgclean.weightsets.store import write_config, write_weight_set

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from imgclean.events import Emit
    from imgclean.extension.model_info import ModelInfo, Task
    from imgclean.extension.requests import Raster
    from imgclean.training.recipe import Recipe
    from imgclean.training.training_set import TrainingSet
    from imgclean.weightsets.config import Measurement

_UNHASHED = "0" * 64  # replaced when the weights are written
_OF_THIS_MACHINE = {"data", "validation", "init", "checkpoint_seconds"}
_OF_DATA = {"match", "hold_out", "luma", "least_mean", "least_psnr"}


@dataclass(frozen=True, slots=True)
class Effort:
    """What training has cost: optimiser steps, and seconds in the loop."""

    steps: int = 0
    seconds: float = 0.0

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.steps + other.steps, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage has made.

    Attributes:
        recipe: of the whole run.
        info: the model.
        images: what it was trained on.
        stage: recipe of the stage.
        network: the trained one.
        effort: what that has cost, from the run's first stage on.
        device: where it was trained.
    """

    recipe: Recipe
    info: ModelInfo
    images: TrainingSet
    stage: Recipe
    network: torch.nn.Module
    effort: Effort
    device: torch.device

    def config(self, folder: Path) -> WeightSetConfig:
        """Return what the weight set in a folder says of itself."""
        channels = channels_of(self.info, self.stage.options)
        return WeightSetConfig(
            name=set_name(self.info.name, folder.resolve().name),
            model=self.info.name,
            sha256=_UNHASHED,
            task=self._task(),
            noise=self.stage.noise,
            channels=channels,
            options={**self.stage.options, "channels": channels},
            licence=self.recipe.licence,
            provenance=self._provenance(),
        )

    def _task(self) -> Task:
        task = parse_degradation(self.stage.noise).task
        return task if task in self.info.tasks else "denoise"

    def _provenance(self) -> Provenance:
        recipe = self.recipe
        begun_from = None
        if recipe.init:
            begun_from = find(recipe.init, installed(), (self.info,)).config.provenance
        return Provenance(
            recipe=_without_folders(recipe),
            data=list(self.images.folders),
            images=self.images.images,
            steps=self.effort.steps,
            minutes=round(self.effort.seconds / 60, 2),
            machine=device_name(self.device),
            versions={"imgclean": __version__, "torch": version("torch")},
            begun_from=begun_from,
        )


def write_outcome(
    outcome: Outcome, folder: Path, store: Literal["float32", "float16"]
) -> WeightSet:
    """Write the network as a weight set.

    Raises:
        RunUnwritable: the folder cannot be written to.
    """
    config = outcome.config(folder)
    with writing_run(folder):
        return write_weight_set(folder, config, outcome.network, store)


def measure_outcome(
    outcome: Outcome,
    weights: WeightSet,
    plugin_denoise: Callable[..., Raster | None] | None,
    emit: Emit,
) -> WeightSet:
    """Measure a weight set on the recipe's validation images, and let it say so.

    A trial of a cross validation is measured on both sides of its fold too; the set says how good
    it is on the images that it was not trained on.

    Raises:
        RunUnwritable: the folder cannot be written to.
    """
    settings = InferenceSettings(precision="fp32")  # as `imgclean evaluate`
    denoiser = Denoiser(outcome.info, weights, settings, outcome.device, plugin_denoise)
    results = validate(denoiser, outcome.recipe, outcome.images.held_out, emit)
    fold, sides = outcome.recipe.fold, outcome.images.fold
    lines = FoldLines([], []) if sides is None else measure_fold(denoiser, sides, emit)
    results += as_results(lines.test)
    if results:
        weights = _with_results(weights, results)
    for event in lines.events(fold) if fold else ():
        emit(event)
    return weights


def _with_results(weights: WeightSet, results: list[Measurement]) -> WeightSet:
    config = weights.config.model_copy(update={"results": results})
    with writing_run(weights.folder):
        write_config(weights.folder, config)
    return WeightSet(config, weights.folder)


def _without_folders(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe without what is of this machine alone."""
    settings = recipe.model_dump(exclude=_OF_THIS_MACHINE, exclude_none=True)
    for stage, run in zip(settings["stages"], recipe.runs, strict=bool(recipe.stages)):
        if "loss" in stage:  # with its defaults, so that a card names the discriminator
            stage["loss"] = [each.model_dump() for each in run.loss]
        if Path(stage.get("init", "")).is_absolute():  # a path, which a recipe's file has in full
            stage["init"] = Path(stage["init"]).name
    kept = recipe.data.model_dump(include=_OF_DATA, exclude_defaults=True)
    return settings | ({"data": kept} if kept else {})
