"""The core's loop: one stage of a run, step by step."""

from __future__ import annotations

import math
import time
from contextlib import closing
from typing import TYPE_CHECKING

import torch

from imgclean.interruption import Interruption
from imgclean.training.guards import Guards
from imgclean.training.head_start import give_head_start
from imgclean.training.measurements import StageMeasurements
from imgclean.training.optimisers import set_rate
from imgclean.training.reports import NotANumber, StageReports
from imgclean.training.safekeeping import Safekeeping
from imgclean.training.stage_pass import StagePass

if TYPE_CHECKING:
    from imgclean.training.schedule import Progress
    from imgclean.training.stage_parts import StageParts
    from imgclean.training.state import StageState


class StageLoop:
    """Takes steps until the stage's budget is spent.

    Args:
        state: where it begins; it is changed.
        parts: what it is trained with.
    """

    def __init__(self, state: StageState, parts: StageParts) -> None:
        self._state = state
        self._parts = parts
        self._output_of = StagePass(state, parts)
        guards = Guards(state, parts)
        self._reports = StageReports(state, parts, guards)
        self._measurements = StageMeasurements(state, parts, guards)
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
            stopped = give_head_start(
                state, self._parts, self._output_of, self._safekeeping, interruption
            )
            if not stopped and not first and self._parts.begun:
                self._measurements.take()  # what there was before
                self._safekeeping.remember()  # also what was measured
            stopped = stopped or self._take_steps(interruption)
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
        batch = parts.batches(state.step)
        output = self._output_of(batch, state.step)
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
