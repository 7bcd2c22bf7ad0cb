"""The core's supervised loop: noise on clean patches, squared error."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch.optim.swa_utils import AveragedModel

from imgclean.degradation.gaussian import draw_noise, draw_sigma
from imgclean.errors import RunUnwritable, TrainingDiverged
from imgclean.events import TrainStep, Warned
from imgclean.extension.requests import TrainResult
from imgclean.interruption import Interruption
from imgclean.training.checkpoint import (
    CHECKPOINT_NAME,
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from imgclean.training.optimisers import make_optimisers, set_rate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from imgclean.events import Emit
    from imgclean.training.patches import PatchSource
    from imgclean.training.recipe import Recipe

_SECONDS_BETWEEN_CHECKPOINTS = 60.0
_SECONDS_BETWEEN_EVENTS = 0.5
_SEED_STRIDE = 1_000_003


@dataclass(slots=True)
class _Run:
    """What changes while training."""

    network: torch.nn.Module
    average: AveragedModel
    optimisers: list[torch.optim.Optimizer]
    step: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Patches of a step, float32[N, C, size, size], and what the network is told of their noise."""

    clean: torch.Tensor
    noisy: torch.Tensor
    sigma: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class _Draw:
    """Draws the batch of a step, which depends on the seed and the step alone."""

    recipe: Recipe
    patches: PatchSource
    device: torch.device
    noise_aware: bool

    def __call__(self, step: int) -> _Batch:
        recipe = self.recipe
        generator = torch.Generator(self.device).manual_seed(recipe.seed * _SEED_STRIDE + step)
        clean = self.patches.draw(recipe.batch, generator)
        sigma = draw_sigma(recipe.domain.sigma, recipe.batch, generator)
        noisy = clean + draw_noise(clean, sigma, generator)
        return _Batch(clean, noisy, sigma if self.noise_aware else None)


@dataclass(slots=True)
class _Tally:
    """Loss and squared error since the last event."""

    losses: list[torch.Tensor] = field(default_factory=list)
    errors: list[torch.Tensor] = field(default_factory=list)

    def drain(self) -> tuple[float, float]:
        """Return the mean loss and the PSNR in dB, and begin again."""
        loss = float(torch.stack(self.losses).mean())
        psnr = -10 * math.log10(max(float(torch.stack(self.errors).mean()), 1e-12))
        self.losses.clear()
        self.errors.clear()
        return loss, psnr


def train_supervised(
    network: torch.nn.Module,
    recipe: Recipe,
    patches: PatchSource,
    output: Path,
    *,
    device: torch.device,
    autocast: bool,
    emit: Emit,
    resume: bool,
    noise_aware: bool = False,
) -> TrainResult:
    """Train `network` until the recipe's budget is spent.

    Args:
        network: fresh or pretrained; trained in place.
        recipe: what to do.
        patches: clean patches on `device`.
        output: folder of the checkpoint.
        device: where to train.
        autocast: run the passes in bfloat16; weights and optimiser stay float32.
        emit: gets `TrainStep` events.
        resume: go on from the checkpoint in `output`, if there is one.
        noise_aware: tell the network each patch's noise level.

    Returns:
        The running mean of the weights, as a module in eval mode.

    Raises:
        TrainingDiverged: the loss is no longer a number.
        RunUnwritable: the user asked to stop, and the checkpoint cannot be written.
        KeyboardInterrupt: the user asked to stop; a checkpoint is on disk.
    """
    path = output / CHECKPOINT_NAME
    run = _prepare(network, recipe, device, autocast=autocast)
    if resume and path.exists():
        _restore(run, read_checkpoint(path, device))
    draw = _Draw(recipe, patches, device, noise_aware)
    share = _loop(run, recipe, draw, path, autocast=autocast, emit=emit)
    if share < 1:
        write_checkpoint(path, _checkpoint(run))
        raise KeyboardInterrupt
    _save(run, path, emit)
    trained = run.average.module.eval()
    return TrainResult(network=trained, steps=run.step, seconds=run.seconds)


def _loop(
    run: _Run, recipe: Recipe, draw: _Draw, path: Path, *, autocast: bool, emit: Emit
) -> float:
    """Take steps until the budget is spent or the user stops; return the share of it spent."""
    tally = _Tally()
    started = time.monotonic() - run.seconds
    told = saved = time.monotonic()
    with Interruption() as interruption:
        while (share := recipe.budget.share(run.step, run.seconds)) < 1:
            if interruption.requested:
                break
            of_peak = _schedule(recipe.optimiser.warmup, run.step, share)
            set_rate(run.optimisers, of_peak)
            batch = draw(run.step)
            loss = _step(run, batch, recipe.optimiser.clip, autocast=autocast)
            tally.losses.append(loss)
            tally.errors.append(loss * 2 * recipe.batch / batch.clean.numel())
            now = time.monotonic()
            run.seconds = now - started
            save = now - saved > _SECONDS_BETWEEN_CHECKPOINTS
            if save or now - told > _SECONDS_BETWEEN_EVENTS:
                told = now
                _report(run, tally, recipe, of_peak, emit)
            if save:
                saved = now
                _save(run, path, emit)
    if tally.losses:
        _report(run, tally, recipe, of_peak, emit)
    return share


def _step(run: _Run, batch: _Batch, clip: float, *, autocast: bool) -> torch.Tensor:
    """Take one optimiser step; return the loss, the sum of squares / (2 N) (equation 1)."""
    with torch.autocast(batch.clean.device.type, torch.bfloat16, enabled=autocast):
        output = run.network(batch.noisy, batch.sigma)
    squares = (output.float() - batch.clean).square().sum()
    loss: torch.Tensor = squares / (2 * batch.clean.shape[0])
    run.network.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), clip)
    for optimiser in run.optimisers:
        optimiser.step()
    run.average.update_parameters(run.network)
    run.step += 1
    return loss.detach()


def _prepare(
    network: torch.nn.Module, recipe: Recipe, device: torch.device, *, autocast: bool
) -> _Run:
    network.to(device=device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    precision = torch.bfloat16 if autocast else torch.float32
    optimisers = make_optimisers(network, recipe.optimiser, precision=precision)
    average = AveragedModel(network, multi_avg_fn=_running_mean(recipe.ema), use_buffers=True)
    return _Run(network, average, optimisers)


def _running_mean(decay: float) -> Callable[..., None]:
    """Return an exponential mean whose memory grows from nothing, so that short runs have one."""

    @torch.no_grad()
    def update(
        averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor
    ) -> None:
        if not averaged[0].is_floating_point():
            torch._foreach_copy_(averaged, current)
            return
        seen = float(count)
        keep = min(decay, (1 + seen) / (10 + seen))
        torch._foreach_lerp_(averaged, current, 1 - keep)

    return update


def _schedule(warmup: int, step: int, share: float) -> float:
    """Return the step's rate over the peak: a linear warm-up, then a cosine to zero."""
    risen = min(1.0, (step + 1) / max(1, warmup))
    return risen * 0.5 * (1 + math.cos(math.pi * share))


def _report(run: _Run, tally: _Tally, recipe: Recipe, of_peak: float, emit: Emit) -> None:
    loss, psnr = tally.drain()
    if not math.isfinite(loss):
        raise TrainingDiverged(
            f"the loss is {loss} at step {run.step}",
            hint=f"start a new run with a lower rate, as --set optimiser.{_lower_rate(recipe)}",
        )
    share = recipe.budget.share(run.step, run.seconds)
    rate = recipe.optimiser.lr * of_peak
    emit(
        TrainStep(step=run.step, share=share, loss=loss, psnr=psnr, rate=rate, seconds=run.seconds)
    )


def _lower_rate(recipe: Recipe) -> str:
    name = "muon_lr" if recipe.optimiser.name == "muon" else "lr"
    return f"{name}={getattr(recipe.optimiser, name) / 4:.0e}"


def _save(run: _Run, path: Path, emit: Emit) -> None:
    """Write a checkpoint; where that fails, warn: by the next one there may be space again."""
    try:
        write_checkpoint(path, _checkpoint(run))
    except RunUnwritable as error:
        emit(Warned(error=type(error).__name__, message=f"no checkpoint: {error} ({error.hint})"))


def _checkpoint(run: _Run) -> Checkpoint:
    return Checkpoint(
        step=run.step,
        seconds=run.seconds,
        network=run.network.state_dict(),
        average=run.average.state_dict(),
        optimisers=[each.state_dict() for each in run.optimisers],
    )


def _restore(run: _Run, checkpoint: Checkpoint) -> None:
    run.network.load_state_dict(checkpoint.network)
    run.average.load_state_dict(checkpoint.average)
    for optimiser, state in zip(run.optimisers, checkpoint.optimisers, strict=True):
        optimiser.load_state_dict(state)
    run.step = checkpoint.step
    run.seconds = checkpoint.seconds
