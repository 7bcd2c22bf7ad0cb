"""One stage of a run: from its recipe to a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from imgclean.errors import InvalidSetting
from imgclean.events import Note, Warned
from imgclean.extension.requests import TrainResult
from imgclean.training.adversary import Adversary, make_discriminator
from imgclean.training.average import RunningMean
from imgclean.training.beginnings import freeze_parameters
from imgclean.training.loop import StageLoop
from imgclean.training.losses.objective import Objective
from imgclean.training.losses.terms import AdversarialLoss
from imgclean.training.optimisers import make_optimisers
from imgclean.training.patch_draws import make_batches
from imgclean.training.stage_log import StageLog
from imgclean.training.stage_parts import StageParts
from imgclean.training.standing import Standing
from imgclean.training.state import StageState
from imgclean.weightsets.network import channels_of

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.events import Emit
    from imgclean.extension.model_info import ModelInfo
    from imgclean.training.budget import StageBudget
    from imgclean.training.checkpoint import Checkpoint
    from imgclean.training.inspection import Inspection
    from imgclean.training.patches import Pixels
    from imgclean.training.recipe import Recipe
    from imgclean.training.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageJob:
    """What a stage needs.

    Attributes:
        index: of the stage.
        name: of the stage; empty where the run has only one.
        recipe: that of the stage.
        freeze: shell patterns of parameters that stay as they are.
        info: the model.
        budget: its part of the run's.
        network: where it begins.
        pixels: what it is trained on.
        inspection: what is measured on the way.
        runtime: devices and processes.
        output: the run folder.
        checkpoint: path of the checkpoint.
        begun: whether the network was trained before.
        emit: gets the events.
    """

    index: int
    name: str
    recipe: Recipe
    freeze: tuple[str, ...]
    info: ModelInfo
    budget: StageBudget
    network: torch.nn.Module
    pixels: Pixels
    inspection: Inspection
    runtime: Runtime
    output: Path
    checkpoint: Path
    begun: bool
    emit: Emit


def train_stage(job: StageJob, checkpoint: Checkpoint | None) -> TrainResult:
    """Train a stage until its budget is spent.

    Args:
        job: what it needs.
        checkpoint: of this stage, to go on from; or None.

    Returns:
        The running mean of the weights, as a module in eval mode.

    Raises:
        InvalidSetting: the device has too little memory for a step.
        TrainingDiverged: the loss was no number, again and again.
        RunUnwritable: the user asked to stop, and the checkpoint cannot be written.
        KeyboardInterrupt: the user asked to stop; a checkpoint is on disk.
    """
    recipe, runtime = job.recipe, job.runtime
    state = _begin(job)
    if checkpoint is not None:
        state.restore(checkpoint)
    compiled = torch.compile(job.network) if recipe.compile else job.network
    place = state.place() if checkpoint or job.index else None
    folder = job.output if runtime.leads else None
    parts = StageParts(
        name=job.name,
        recipe=recipe,
        budget=job.budget,
        runtime=runtime,
        module=runtime.prepare(compiled),  # type: ignore[arg-type]
        batches=make_batches(
            recipe, job.pixels, runtime, stage=job.index, tell=job.info.noise_aware
        ),
        objective=Objective(recipe.loss, job.network, state.adversary),
        inspection=job.inspection,
        log=StageLog(folder, job.index, place, job.emit),
        checkpoint=job.checkpoint,
        begun=job.begun,
        emit=job.emit,
    )
    try:
        finished = StageLoop(state, parts).run()
    except torch.cuda.OutOfMemoryError as error:
        half = max(1, int(recipe.batch) // 2)
        raise InvalidSetting(
            f"{recipe.batch} patches of {recipe.patch} pixels do not fit into {runtime.device}",
            hint=f"start a new run with a smaller batch or patch, as --set batch={half}",
        ) from error
    if not finished:
        raise KeyboardInterrupt
    trained = _result(state, parts)
    return TrainResult(network=trained, steps=state.step, seconds=state.seconds)


def _result(state: StageState, parts: StageParts) -> torch.nn.Module:
    """Return the running mean of the weights, or the best that was measured of it."""
    best, module = state.standing.best, state.average.module
    if best is None and parts.recipe.keep != "last":
        message = (
            f"the last weights are kept, not the best by {parts.recipe.keep}: there are no images "
            "to measure with (--validate or --hold-out names some)"
        )
        parts.emit(Warned(error="NothingMeasured", message=message))
    if best is not None and best.step != state.step:
        module.load_state_dict(best.weights)
        kept = f"the weights of step {best.step:,} are kept: {best.psnr:.2f} dB"
        parts.emit(Note(message=f"{parts.name}: {kept}" if parts.name else kept))
    return module.eval()


def _begin(job: StageJob) -> StageState:
    recipe, runtime = job.recipe, job.runtime
    network = job.network.to(device=runtime.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    freeze_parameters(network, job.freeze)
    precision = torch.bfloat16 if runtime.bf16 else torch.float32
    return StageState(
        stage=job.index,
        network=network,
        average=RunningMean(network, recipe.ema),
        optimisers=make_optimisers(network, recipe.optimiser, precision=precision),
        adversary=_adversary(job),
        standing=Standing(measured_with=recipe.validation.model_dump_json()),
    )


def _adversary(job: StageJob) -> Adversary | None:
    terms = [each for each in job.recipe.loss if isinstance(each, AdversarialLoss)]
    if not terms:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.recipe.seed)
        channels = channels_of(job.info, job.recipe.options)
        discriminator = make_discriminator(terms[0].discriminator, channels, job.info)
    return Adversary(
        discriminator,
        lr=terms[0].lr,
        updates=terms[0].updates,
        device=job.runtime.device,
        autocast=job.runtime.bf16,
        average_gradients=job.runtime.average_gradients,
    )
