"""The core's loop: one stage of a run, step by step."""

from __future__ import annotations

import math
import time
from contextlib import closing
from typing import TYPE_CHECKING

import torch

from imgclean.events import Note
from imgclean.interruption import Interruption
from imgclean.training.batches import step_seed
from imgclean.training.losses.terms import AdversarialLoss
from imgclean.training.measurements import StageMeasurements
from imgclean.training.optimisers import set_rate
from imgclean.training.reports import NotANumber, StageReports
from imgclean.training.safekeeping import Safekeeping
from imgclean.weightsets.network import takes_clean

if TYPE_CHECKING:
    from imgclean.training.batches import Batch
    from imgclean.training.schedule import Progress
    from imgclean.training.stage_parts import StageParts
    from imgclean.training.state import StageState


_RANK_STRIDE = 10_000_019


class StageLoop:
    """Takes steps until the stage's budget is spent.

    Args:
        state: where it begins; it is changed.
        parts: what it is trained with.
    """

    def __init__(self, state: StageState, parts: StageParts) -> None:
        self._state = state
        self._parts = parts
        self._shows_clean = takes_clean(state.network)
        self._reports = StageReports(state, parts)
        self._measurements = StageMeasurements(state, parts)
        self._safekeeping = Safekeeping(state, parts)

    def run(self) -> bool:
        """Train; return whether the budget is spent, or else the user has asked to stop.

        Raises:
            TrainingDiverged: the loss was no number again after three setbacks.
            RunUnwritable: the user asked to stop, and the checkpoint cannot be written.
        """
        state, first = self._state, self._state.step
        device = self._parts.runtime.device
        own = torch.random.fork_rng([device] if device.type == "cuda" else [])
        with own, Interruption() as interruption, closing(self._parts.batches):
            self._begin_adversary(interruption)
            if not first and (state.stage or self._parts.recipe.init is not None):
                self._measurements.take()  # what there was before
            stopped = self._take_steps(interruption)
        if stopped:
            self._safekeeping.leave()
            return False
        if state.step > first:
            self._measurements.take_last()
        self._safekeeping.save()
        return True

    def _take_steps(self, interruption: Interruption) -> bool:
        """Take steps until the budget is spent; return whether the user has asked to stop."""
        state, parts = self._state, self._parts
        started = time.monotonic() - state.seconds
        rate = 0.0
        while True:
            elapsed = time.monotonic() - started
            state.seconds, stop = parts.runtime.agree(elapsed, interruption.requested)
            progress = parts.budget.progress(state.step, state.seconds)
            last = progress.share >= 1 or stop or self._measurements.has_settled()
            try:
                self._reports.tell(progress, rate, last=last)
                if last and not stop and not state.is_finite():
                    raise NotANumber(math.nan)  # the last step has spoiled the weights
                if last:
                    self._reports.write_row(progress, rate, last=not stop)
                    return stop
                rate = self._step(progress)
                self._reports.write_row(progress, rate)
            except NotANumber as error:
                self._reports.forget()
                self._safekeeping.go_back(error.loss)
                continue
            self._measurements.take_if_due(progress)
            self._safekeeping.save_if_due()

    def _step(self, progress: Progress) -> float:
        """Take one optimiser step; return the rate's share of its peak."""
        state, parts = self._state, self._parts
        schedule = parts.recipe.schedule
        of_peak = schedule.share_of_peak(progress) * state.plateau.factor * state.rate_scale
        set_rate(state.optimisers, of_peak)
        self._seed_the_network(state.step)
        batch = parts.batches(state.step)
        output = self._output(batch)
        if state.adversary:
            state.adversary.update(output.detach(), batch.clean)
        loss, terms = parts.objective(output, batch.clean, progress.share)
        state.network.zero_grad(set_to_none=True)
        parts.runtime.backward(loss)
        largest = parts.recipe.optimiser.clip
        if largest:
            torch.nn.utils.clip_grad_norm_(state.network.parameters(), largest)
        for optimiser in state.optimisers:
            optimiser.step()
        state.average.update(state.network)
        state.step += 1
        self._reports.count(loss, terms, output, batch)
        return of_peak

    def _output(self, batch: Batch) -> torch.Tensor:
        clean = {"clean": batch.clean} if self._shows_clean else {}
        return self._parts.module(batch.noisy, batch.sigma, **clean).float()  # type: ignore[no-any-return]

    def _seed_the_network(self, step: int) -> None:
        """Let what the network draws itself, as dropout does, depend on the step alone."""
        seed = step_seed(self._parts.recipe.seed, self._state.stage, step)
        torch.manual_seed(seed + self._parts.runtime.rank * _RANK_STRIDE)

    def _begin_adversary(self, interruption: Interruption) -> None:
        """Train the discriminator alone first, as far as the recipe says."""
        state, parts = self._state, self._parts
        terms = [each for each in parts.recipe.loss if isinstance(each, AdversarialLoss)]
        ahead = sum(each.steps_before for each in terms)
        if state.adversary is None or state.ahead >= ahead:
            return
        parts.emit(Note(message=f"training the discriminator alone for {ahead:,} steps"))
        started, saved = time.monotonic(), 0.0
        for step in range(state.ahead, ahead):
            elapsed = time.monotonic() - started
            seconds, stop = parts.runtime.agree(elapsed, interruption.requested)
            if stop:
                return
            if seconds - saved >= parts.recipe.checkpoint_seconds:
                saved = seconds
                self._safekeeping.save()
            self._seed_the_network(step)
            batch = parts.batches(step)
            with torch.no_grad():
                output = self._output(batch)
            state.adversary.update(output, batch.clean)
            state.ahead += 1
        self._safekeeping.remember()
