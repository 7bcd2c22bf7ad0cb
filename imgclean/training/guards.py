"""What is said aloud where a denoiser and its discriminator do not learn from each other."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from imgclean.events import Warned
from imgclean.training.losses.terms import AdversarialLoss
from imgclean.training.standing import LARGEST_FALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.training.stage_parts import StageParts
    from imgclean.training.state import StageState

_ROWS = 5  # of the log, 250 steps, over which a discriminator that only guesses is found out
_GUESSING = 0.03  # how near to one half its accuracy is then


class Guards:
    """Watches a stage that has an adversarial term; of any other it says nothing.

    Args:
        state: of the stage.
        parts: what it is trained with.
    """

    def __init__(self, state: StageState, parts: StageParts) -> None:
        self._state = state
        self._parts = parts
        self._accuracies: deque[float] = deque(maxlen=_ROWS)
        self._guesses = False

    def after_row(self, means: Mapping[str, float]) -> None:
        """Warn, once, where the discriminator has told half of the images rightly for long.

        Args:
            means: of a row of the log.
        """
        if "discriminator_accuracy" not in means:
            return
        self._accuracies.append(means["discriminator_accuracy"])
        mean = sum(self._accuracies) / len(self._accuracies)
        guessed = len(self._accuracies) == _ROWS and abs(mean - 0.5) < _GUESSING
        if guessed and not self._guesses:
            self._warn(
                "DiscriminatorGuesses",
                f"the discriminator tells {mean:.0%} of the images rightly: it guesses, and the "
                "denoiser learns nothing from it (train it longer alone, with steps_before, or "
                "raise its lr)",
            )
        self._guesses = guessed

    def after_measurement(self, psnr: float, *, was_fallen: bool) -> None:
        """Warn where a measurement is the first that has fallen far below the stage's beginning.

        Args:
            psnr: in dB.
            was_fallen: whether the one before had, too.
        """
        standing = self._state.standing
        adversarial = any(isinstance(each, AdversarialLoss) for each in self._parts.recipe.loss)
        if not adversarial or not standing.fallen or was_fallen:
            return
        self._warn(
            "PSNRFallen",
            f"{psnr:.2f} dB at step {self._state.step:,}, more than {LARGEST_FALL:g} dB below the "
            f"{standing.start:.2f} dB with which the stage began (lower the weight of the "
            "adversarial term, or the rate)",
        )

    def _warn(self, error: str, message: str) -> None:
        of_stage = f"{self._parts.name}: " if self._parts.name else ""
        self._parts.emit(Warned(error=error, message=of_stage + message))
