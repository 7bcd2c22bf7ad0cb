"""The discriminator's head start: it is trained alone before the denoiser learns against it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

from imgclean.events import DiscriminatorStep, Note
from imgclean.training.losses.terms import AdversarialLoss
from imgclean.training.tally import Tally

if TYPE_CHECKING:
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
    """
    terms = [each for each in parts.recipe.loss if isinstance(each, AdversarialLoss)]
    if state.adversary is None or not terms or state.ahead >= terms[0].steps_before:
        return False
    (term,) = terms
    parts.emit(Note(message=f"training the discriminator alone for {term.steps_before:,} steps"))
    reports = _Reports(state, parts, term.steps_before)
    saved = 0.0
    while state.ahead < term.steps_before:
        seconds, stop = parts.runtime.agree(reports.elapsed(), interruption.requested)
        if stop:
            return True
        if seconds - saved >= parts.recipe.checkpoint_seconds:
            saved = seconds
            safekeeping.save()
        batch = parts.batches(state.ahead)
        with torch.no_grad():
            output = output_of(batch, state.ahead)
        state.adversary.update(output, batch.clean, lr=term.lr_before)
        state.ahead += 1
        reports.tell(state.adversary, seconds)
    safekeeping.remember()
    return False


class _Reports:
    """Says how far the head start is: events by the clock, rows of the log by the step."""

    def __init__(self, state: StageState, parts: StageParts, steps: int) -> None:
        self._state = state
        self._parts = parts
        self._steps = steps
        self._since_event = Tally()
        self._began = time.monotonic()
        self._told = 0.0

    def elapsed(self) -> float:
        """Return the seconds since it began."""
        return time.monotonic() - self._began

    def tell(self, adversary: Adversary, seconds: float) -> None:
        """Take the latest step's figures; `seconds` are the same in every process."""
        state, parts = self._state, self._parts
        self._since_event.add(adversary.statistics)
        state.row.add(adversary.statistics)
        last = state.ahead == self._steps
        if last or state.ahead % _STEPS_BETWEEN_ROWS == 0:
            parts.log.head_start(state.ahead, state.row.drain(parts.runtime.means))
        if last or seconds - self._told >= _SECONDS_BETWEEN_EVENTS:
            self._told = seconds
            means = self._since_event.drain(parts.runtime.means)
            parts.emit(
                DiscriminatorStep(
                    stage=parts.name,
                    step=state.ahead,
                    share=state.ahead / self._steps,
                    loss=means["discriminator_loss"],
                    accuracy=means["discriminator_accuracy"],
                    seconds=seconds,
                )
            )
