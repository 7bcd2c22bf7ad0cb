"""The discriminator's head start: it is trained alone before the denoiser learns against it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import torch

from imgclean.errors import TrainingDiverged
from imgclean.events import DiscriminatorStep, Note
from imgclean.training.losses.terms import AdversarialLoss
from imgclean.training.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.interruption import Interruption
    from imgclean.training.adversary import Adversary
    from imgclean.training.safekeeping import Safekeeping
    from imgclean.training.stage_parts import StageParts
    from imgclean.training.stage_pass import StagePass
    from imgclean.training.state import StageState

_SECONDS_BETWEEN_EVENTS = 0.5
_STEPS_BETWEEN_ROWS = 50


def give_head_start(
    state: StageState,
    parts: StageParts,
    output_of: StagePass,
    safekeeping: Safekeeping,
    interruption: Interruption,
) -> bool:
    """Train the discriminator on what the network makes as it is, for the recipe's `steps_before`.

    Return whether the user has asked to stop before its end; a checkpoint knows how far it is.

    Raises:
        TrainingDiverged: the discriminator's loss is no number.
    """
    terms = [each for each in parts.recipe.loss if isinstance(each, AdversarialLoss)]
    if state.adversary is None or not terms or state.ahead >= terms[0].steps_before:
        return False
    (term,) = terms
    parts.emit(Note(message=f"training the discriminator alone for {term.steps_before:,} steps"))
    reports = _Reports(state, parts, term.steps_before)
    began = time.monotonic() - state.ahead_seconds
    saved = state.ahead_seconds
    while state.ahead < term.steps_before:
        elapsed = time.monotonic() - began
        state.ahead_seconds, stop = parts.runtime.agree(elapsed, interruption.requested)
        if stop:
            return True
        if state.ahead_seconds - saved >= parts.recipe.checkpoint_seconds:
            saved = state.ahead_seconds
            safekeeping.save()
        batch = parts.batches(state.ahead)
        with torch.no_grad():
            output = output_of(batch, state.ahead)
        state.adversary.update(output, batch.clean, lr=term.lr_before)
        state.ahead += 1
        reports.tell(state.adversary)
    safekeeping.remember()
    return False


class _Reports:
    """Says how far the head start is: events by the clock, rows of the log by the step."""

    def __init__(self, state: StageState, parts: StageParts, steps: int) -> None:
        self._state = state
        self._parts = parts
        self._steps = steps
        self._since_event = Tally()
        self._told = state.ahead_seconds

    def tell(self, adversary: Adversary) -> None:
        """Take the latest step's figures.

        Raises:
            TrainingDiverged: the means for a row of the log are no numbers.
        """
        state, parts = self._state, self._parts
        self._since_event.add(adversary.statistics)
        state.row.add(adversary.statistics)
        last = state.ahead == self._steps
        if last or state.ahead % _STEPS_BETWEEN_ROWS == 0:
            means = state.row.drain(parts.runtime.means)
            _require_numbers(means, state.ahead)
            parts.log.head_start(state.ahead, means)
        if last or state.ahead_seconds - self._told >= _SECONDS_BETWEEN_EVENTS:
            self._told = state.ahead_seconds
            means = self._since_event.drain(parts.runtime.means)
            parts.emit(
                DiscriminatorStep(
                    stage=parts.name,
                    step=state.ahead,
                    share=state.ahead / self._steps,
                    loss=means["discriminator_loss"],
                    accuracy=means["discriminator_accuracy"],
                    seconds=state.ahead_seconds,
                )
            )


def _require_numbers(means: Mapping[str, float], step: int) -> None:
    loss = means["discriminator_loss"]
    if not math.isfinite(loss):
        raise TrainingDiverged(
            f"the discriminator's loss is {loss} after {step:,} steps alone",
            hint="start a new run with a lower lr_before",
        )
