"""One training run, from a recipe to a weight set: what `imgclean train` does."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgclean.errors import InvalidSetting, ProcessLost, one_line
from imgclean.events import Note, ignore
from imgclean.extension.requests import Raster, TrainJob, TrainResult
from imgclean.inference.device import (
    choose_device,
    choose_precision,
    device_name,
    forbid_tf32,
)
from imgclean.training.batch_size import with_batches
from imgclean.training.beginnings import begin_network, begins_trained
from imgclean.training.budget import stage_budgets
from imgclean.training.checkpoint import CHECKPOINT_NAME, Checkpoint, read_checkpoint
from imgclean.training.outcome import Effort, Outcome, measure_outcome, write_outcome
from imgclean.training.patch_draws import smallest_image
from imgclean.training.preconditions import refuse_what_cannot_be
from imgclean.training.run_folder import (
    finished_stages,
    holding,
    stage_folder,
    write_recipe,
)
from imgclean.training.runtime import Runtime, launch
from imgclean.training.stage import StageJob, train_stage
from imgclean.training.training_set import TrainingSet, read_data, training_set
from imgclean.training.validation import images_on_the_way, inspection_of
from imgclean.weightsets.config import Provenance
from imgclean.weightsets.store import read_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from imgclean.events import Emit
    from imgclean.extension.model_info import ModelInfo
    from imgclean.images.collection import CleanImages
    from imgclean.images.pairs import ImagePairs
    from imgclean.training.budget import StageBudget
    from imgclean.training.inspection import Inspection
    from imgclean.training.recipe import Recipe
    from imgclean.weightsets.catalogue import WeightSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the owning plugin may do itself; by default nothing.

    Attributes:
        train: its `imgclean_train`; None from it means the core's loop.
        denoise: its `imgclean_denoise`, if it has one, for validation.
    """

    train: Callable[[TrainJob], TrainResult | None] = lambda _: None
    denoise: Callable[..., Raster | None] | None = None


def train(
    recipe: Recipe,
    info: ModelInfo,
    output: Path,
    *,
    emit: Emit,
    device: str = "auto",
    devices: int = 1,
    resume: bool = False,
    hooks: Hooks | None = None,
    found: CleanImages | ImagePairs | None = None,
) -> WeightSet | None:
    """Train the recipe's model and leave a weight set in `output`.

    Args:
        recipe: what to train, on what, how.
        info: the recipe's model.
        output: the run folder; it becomes the weight set.
        emit: gets progress, warnings and notes.
        device: as `--device`.
        devices: how many devices or processes train together on this machine.
        resume: go on from the run's checkpoint; a finished run is written out anew.
        hooks: the owning plugin's.
        found: the images of the recipe's data, where they have been read already.

    Returns:
        The weight set; or None in a process that works for another one.

    Raises:
        OutputExists: there is a run in `output` and `resume` is not set, or what is no run's.
        OutputCollision: another run is writing to `output`.
        InvalidSetting: the options do not fit the model; or the recipe asks for many runs, see
            `cross_validate`, or for one of those of a model that its plugin trains.
        DataUnusable: no image can be trained on.
        RunUnwritable: the run folder cannot be written to.
        TrainingDiverged: the loss was no number, again and again.
        ProcessLost: another of several processes has ended or failed.
        KeyboardInterrupt: the user asked to stop; `resume` goes on from there.
    """
    if recipe.folds.asked:
        raise InvalidSetting(
            "the recipe asks for all trials of a cross validation, and this is one run",
            hint="folds.repeat and folds.number name a trial",
        )
    channels = refuse_what_cannot_be(recipe, info, output, resume=resume)
    place = choose_device(device)
    forbid_tf32()
    recipe = with_batches(recipe, place)
    precision = choose_precision(recipe.precision, info, place, np.dtype(np.uint8))
    runtime = launch(place, devices, bf16=precision == "bf16")
    try:
        run = _Run(
            recipe, info, output, emit if runtime.leads else ignore, runtime, hooks or Hooks()
        )
        return run.train(channels, found, resume=resume)
    except RuntimeError as error:
        if runtime.processes == 1:
            raise
        raise ProcessLost(
            f"the processes have lost one another: {one_line(error)}",
            hint="--resume goes on from the last checkpoint",
        ) from error
    finally:
        runtime.close()


@dataclass(slots=True)
class _Run:
    """A run under way."""

    recipe: Recipe
    info: ModelInfo
    output: Path
    emit: Emit
    runtime: Runtime
    hooks: Hooks

    def train(
        self, channels: int, found: CleanImages | ImagePairs | None, *, resume: bool
    ) -> WeightSet | None:
        """Read the images, and train all stages; return the weight set of the last one."""
        recipe, runtime = self.recipe, self.runtime
        if found is None:
            smallest = smallest_image(recipe)
            found = read_data(recipe.data, channels=channels, smallest=smallest, emit=self.emit)
        images = training_set(found, recipe.data, runtime.device, emit=self.emit, fold=recipe.fold)
        runtime.wait()  # until every process has seen what the folder holds
        with holding(self.output) if runtime.leads else nullcontext():
            return self._train_on(images, channels, resume=resume)

    def _train_on(self, images: TrainingSet, channels: int, *, resume: bool) -> WeightSet | None:
        """Train all stages; return the weight set of the last one."""
        recipe, runtime = self.recipe, self.runtime
        if runtime.leads:
            write_recipe(self.output, recipe)
        self._introduce(images)
        looked_at = images_on_the_way(recipe, images, channels, self.emit)
        counts = looked_at is not images.examples
        budgets = stage_budgets(recipe, positions=len(images.pixels), processes=runtime.processes)
        checkpoint, done = runtime.from_leader(self._found(resume=resume))
        result: TrainResult | None = None
        spent = self._spent_before(done)
        for index in range(done, len(recipe.runs)):
            network = self._network(index, result)
            inspection = inspection_of(recipe.runs[index], looked_at, counts=counts)
            job = self._job(index, network, images, inspection, budgets[index])
            here = checkpoint if checkpoint and checkpoint.stage == index else None
            result = self._by_plugin(job) or train_stage(job, here)
            spent += Effort(result.steps, result.seconds)
            if recipe.stages and runtime.leads:
                outcome = self._outcome(images, job.recipe, result.network, spent)
                write_outcome(outcome, stage_folder(self.output, index, job.name), "float32")
        if result is None or not runtime.leads:
            return None
        outcome = self._outcome(images, recipe.runs[-1], result.network, spent)
        weights = write_outcome(outcome, self.output, recipe.store)
        return measure_outcome(outcome, weights, self.hooks.denoise, self.emit)

    def _outcome(
        self, images: TrainingSet, stage: Recipe, network: torch.nn.Module, spent: Effort
    ) -> Outcome:
        device = self.runtime.device
        return Outcome(self.recipe, self.info, images, stage, network, spent, device)

    def _spent_before(self, index: int) -> Effort:
        """Return what the stages before one have cost, by the sets that they have made."""
        if not index or not self.runtime.leads:
            return Effort()
        earlier = finished_stages(self.output, self.recipe)[index - 1 : index]
        made = earlier[0].config.provenance if earlier else None
        return Effort(made.steps, made.minutes * 60) if isinstance(made, Provenance) else Effort()

    def _found(self, *, resume: bool) -> tuple[Checkpoint | None, int]:
        """Return the checkpoint to go on from and the stage to go on with."""
        if not (resume and self.runtime.leads):
            return None, 0
        done = min(len(finished_stages(self.output, self.recipe)), len(self.recipe.runs) - 1)
        path = self.output / CHECKPOINT_NAME
        checkpoint = read_checkpoint(path) if path.exists() else None
        if checkpoint is not None and checkpoint.stage >= done:
            return checkpoint, checkpoint.stage
        return None, done

    def _network(self, index: int, before: TrainResult | None) -> torch.nn.Module:
        """Return where a stage begins."""
        made: Mapping[str, torch.Tensor] | None = None
        if before is not None:
            made = before.network.state_dict()
        elif index:
            earlier = finished_stages(self.output, self.recipe)[index - 1 : index]
            made = read_tensors(earlier[0]) if earlier else None
        return begin_network(self.recipe, index, self.info, made, self.emit)

    def _job(
        self,
        index: int,
        network: torch.nn.Module,
        images: TrainingSet,
        inspection: Inspection,
        budget: StageBudget,
    ) -> StageJob:
        stages = self.recipe.stages
        return StageJob(
            index=index,
            name=stages[index].name if stages else "",
            recipe=self.recipe.runs[index],
            freeze=tuple(stages[index].freeze) if stages else (),
            info=self.info,
            budget=budget,
            network=network,
            pixels=images.pixels,
            inspection=inspection,
            runtime=self.runtime,
            output=self.output,
            checkpoint=self.output / CHECKPOINT_NAME,
            begun=begins_trained(self.recipe, index),
            emit=self.emit,
        )

    def _by_plugin(self, job: StageJob) -> TrainResult | None:
        result = self.hooks.train(
            TrainJob(
                recipe=job.recipe,
                stage=job.index,
                model=self.info,
                network=job.network,
                data=tuple(Path(each) for each in self.recipe.data.clean),
                output=self.output,
                emit=self.emit,
                device=str(self.runtime.device),
                checkpoint=self.output / f"plugin-stage-{job.index}.pt",
            )
        )
        if result is not None and self.recipe.fold is not None:
            raise InvalidSetting(
                f"the plugin of {self.info.name} trains it on images that it reads itself, also "
                "on those of the fold to test with",
                hint="leave out --folds, and give it folders without the images to test with",
            )
        return result

    def _introduce(self, images: TrainingSet) -> None:
        runtime = self.runtime
        where = device_name(runtime.device)
        if runtime.processes > 1:
            where = f"{runtime.processes} x {where}"
        batch = ", ".join(dict.fromkeys(str(each.batch) for each in self.recipe.runs))
        message = (
            f"training {self.info.name} on {images.images} images, {where}, "
            f"{'bf16' if runtime.bf16 else 'fp32'}, batch {batch}"
        )
        self.emit(Note(message=message))
