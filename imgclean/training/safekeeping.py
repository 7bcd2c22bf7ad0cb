"""Checkpoints of a stage, and the way back to the last good one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import RunUnwritable, TrainingDiverged
from imgclean.events import Warned
from imgclean.training.checkpoint import Checkpoint, write_checkpoint
from imgclean.training.state import copied

if TYPE_CHECKING:
    from imgclean.training.recipe import Recipe
    from imgclean.training.stage_parts import StageParts
    from imgclean.training.state import StageState

_MOST_SETBACKS = 3


class Safekeeping:
    """Keeps the last good state of a stage, in memory and on disk.

    Args:
        state: of the stage, good as it is.
        parts: what it is trained with.
    """

    def __init__(self, state: StageState, parts: StageParts) -> None:
        self._state = state
        self._parts = parts
        self._saved = state.seconds
        self._good: Checkpoint
        self.remember()

    def remember(self) -> None:
        """Take the state for good; it is the same in every process then."""
        self._state.row.agree(self._parts.runtime.means)
        self._good = copied(self._state.checkpoint())

    def save_if_due(self) -> None:
        """Write a checkpoint, if the latest one is old."""
        if self._state.seconds - self._saved >= self._parts.recipe.checkpoint_seconds:
            self._saved = self._state.seconds
            self.save()

    def save(self) -> None:
        """Write a checkpoint of good weights; where that fails, warn: there may be space later."""
        if not self._state.is_finite():
            return  # the next report finds out, and goes back
        self.remember()
        try:
            self._write()
        except RunUnwritable as error:
            message = f"no checkpoint: {error} ({error.hint})"
            self._parts.emit(Warned(error=type(error).__name__, message=message))

    def leave(self) -> None:
        """Write the checkpoint with which the run is left.

        Raises:
            RunUnwritable: it cannot be written.
        """
        if self._state.is_finite():
            self.remember()
        self._write()

    def go_back(self, loss: float) -> None:
        """Return to the last good state, with half the rate.

        Args:
            loss: what was no number.

        Raises:
            TrainingDiverged: that has happened three times.
        """
        state, parts = self._state, self._parts
        at, setbacks, seconds = state.step, state.setbacks + 1, state.seconds
        scale = state.rate_scale / 2
        if setbacks > _MOST_SETBACKS:
            raise TrainingDiverged(
                f"the loss is {loss} near step {at:,}, and was no number three times before",
                hint=f"start a new run with a lower rate, as {_lower_rate(parts.recipe)}",
            )
        state.restore(self._good)
        state.setbacks, state.rate_scale, state.seconds = setbacks, scale, seconds
        self.remember()
        parts.log.go_back(state.place())
        message = (
            f"the loss is {loss} near step {at:,}: back to step {state.step:,} with half the rate "
            f"({setbacks} of {_MOST_SETBACKS})"
        )
        parts.emit(Warned(error="LossNotFinite", message=message))

    def _write(self) -> None:
        if self._parts.runtime.leads:
            write_checkpoint(self._parts.checkpoint, self._good)


def _lower_rate(recipe: Recipe) -> str:
    name = "muon_lr" if recipe.optimiser.name == "muon" else "lr"
    return f"--set optimiser.{name}={getattr(recipe.optimiser, name) / 4:.0e}"
