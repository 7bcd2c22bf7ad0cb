"""When a stage is measured on the way, and what follows from it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imgclean.events import Note
from imgclean.training.schedule import Plateau

if TYPE_CHECKING:
    from imgclean.training.guards import Guards
    from imgclean.training.inspection import Figures
    from imgclean.training.schedule import Progress
    from imgclean.training.stage_parts import StageParts
    from imgclean.training.state import StageState

_REST = 10.0  # with `minutes`: times as long as a measurement takes, until the next


class StageMeasurements:
    """Measures the running mean of the weights now and then.

    Args:
        state: of the stage.
        parts: what it is trained with.
        guards: are told of each measurement.
    """

    def __init__(self, state: StageState, parts: StageParts, guards: Guards) -> None:
        self._state = state
        self._parts = parts
        self._guards = guards
        # all that was due up to here was measured before the checkpoint that the state comes from
        self._share = parts.budget.progress(max(0, state.step - 1), state.seconds).share
        self._took = self._at = 0.0
        self._step: int | None = None  # at which the latest measurement was taken

    def take_if_due(self, progress: Progress) -> None:
        """Measure, once in each `validation.every` of the budget."""
        every = self._parts.recipe.validation.every
        if int(progress.share / every) == int(self._share / every):
            return
        if self._parts.budget.seconds and self._state.seconds - self._at < _REST * self._took:
            return  # a short run is for training
        self._share = progress.share
        started = time.monotonic()
        self.take()
        self._took = self._parts.runtime.from_leader(time.monotonic() - started)
        self._at = self._state.seconds

    def take(self) -> None:
        """Measure, write it into the log, and let the schedule know."""
        state, parts = self._state, self._parts
        figures, schedule = self._measure(), parts.recipe.schedule
        if figures is None or not isinstance(schedule, Plateau):
            return
        if state.plateau.observe(figures.psnr, schedule):
            message = f"no gain: the rate falls to {state.plateau.factor:.2g} of its peak"
            parts.emit(Note(message=message))

    def take_last(self) -> None:
        """Measure at the stage's end, unless that was just done; no rate depends on it."""
        if self._step != self._state.step:
            self._measure()

    def _measure(self) -> Figures | None:
        """Return the figures, the same in every process, or None where they do not count."""
        state, parts = self._state, self._parts
        self._step = state.step
        figures: Figures | None = None
        mean = state.average.module
        if parts.runtime.leads:
            figures = parts.inspection.measure(mean, parts.runtime.autocast)
            parts.log.measurement(state.step, figures, parts.inspection.pictures())
        figures = parts.runtime.from_leader(figures)
        if figures is None:
            return None
        for event in figures.events(parts.name, state.step):
            parts.emit(event)
        was_fallen = state.standing.fallen
        state.standing.observe(state.step, figures, mean.state_dict(), parts.recipe.keep)
        self._guards.after_measurement(figures.psnr, was_fallen=was_fallen)
        return figures

    def has_settled(self) -> bool:
        """Whether the schedule `plateau` has come to its end."""
        schedule = self._parts.recipe.schedule
        return isinstance(schedule, Plateau) and self._state.plateau.factor < schedule.smallest
