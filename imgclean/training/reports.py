"""What a stage says of its steps: events by the clock, rows of the log by the step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imgclean.events import TrainStep
from imgclean.training.tally import SQUARED_ERROR, Tally, psnr_of

if TYPE_CHECKING:
    import torch

    from imgclean.training.batches import Batch
    from imgclean.training.guards import Guards
    from imgclean.training.schedule import Progress
    from imgclean.training.stage_parts import StageParts
    from imgclean.training.state import StageState

_SECONDS_BETWEEN_EVENTS = 0.5
_STEPS_BETWEEN_ROWS = 50


class NotANumber(Exception):
    """The loss, or another figure of the latest steps, is no number.

    Args:
        loss: the mean loss.
    """

    def __init__(self, loss: float) -> None:
        super().__init__(f"the loss is {loss}")
        self.loss = loss


class StageReports:
    """Gathers what steps yield, and tells it.

    Args:
        state: of the stage.
        parts: what it is trained with.
        guards: are told of each row of the log.
    """

    def __init__(self, state: StageState, parts: StageParts, guards: Guards) -> None:
        self._state = state
        self._parts = parts
        self._guards = guards
        self._since_event = Tally()
        self._told = state.seconds

    def count(
        self,
        loss: torch.Tensor,
        terms: dict[str, torch.Tensor],
        output: torch.Tensor,
        batch: Batch,
    ) -> None:
        """Take a step's figures; the device is not waited for."""
        error = (output.detach() - batch.clean).square().mean()
        values = {"loss": loss.detach(), SQUARED_ERROR: error}
        if len(terms) > 1:
            values |= terms
        if self._state.adversary:
            values |= self._state.adversary.statistics
        self._since_event.add(values)
        self._state.row.add(values)

    def forget(self) -> None:
        """Drop what was gathered for the next event."""
        self._since_event = Tally()

    def tell(self, progress: Progress, of_peak: float, *, last: bool) -> None:
        """Emit how it goes, if that was not done lately.

        Args:
            progress: how far the stage is.
            of_peak: the latest rate's share of its peak.
            last: whether no step follows.

        Raises:
            NotANumber: a figure is none.
        """
        state, parts = self._state, self._parts
        due = last or state.seconds - self._told >= _SECONDS_BETWEEN_EVENTS
        if not (due and self._since_event):
            return
        self._told = state.seconds
        means = _numbers(self._since_event.drain(parts.runtime.means))
        parts.emit(
            TrainStep(
                stage=parts.name,
                step=state.step,
                share=progress.share,
                loss=means["loss"],
                psnr=psnr_of(means[SQUARED_ERROR]),
                rate=parts.recipe.optimiser.lr * of_peak,
                seconds=state.seconds,
                discriminator_accuracy=means.get("discriminator_accuracy"),
            )
        )

    def write_row(self, progress: Progress, of_peak: float, *, last: bool = False) -> None:
        """Write a row of the log, if it is due.

        Args:
            progress: how far the stage is.
            of_peak: the latest rate's share of its peak.
            last: whether the stage is at its end, so that what is left makes a row too.

        Raises:
            NotANumber: a figure is none.
        """
        state, parts = self._state, self._parts
        due = last or (state.step > 0 and state.step % _STEPS_BETWEEN_ROWS == 0)
        if not (due and state.row):
            return
        means = _numbers(state.row.drain(parts.runtime.means))
        rate = parts.recipe.optimiser.lr * of_peak
        parts.log.row(state.step, state.seconds, progress.share, rate, means)
        self._guards.after_row(means)


def _numbers(means: dict[str, float]) -> dict[str, float]:
    if not all(map(math.isfinite, means.values())):
        raise NotANumber(means["loss"])
    return means
