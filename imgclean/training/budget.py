"""What a stage may spend, and how much of it is spent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.training.schedule import Progress

if TYPE_CHECKING:
    from imgclean.training.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBudget:
    """The part of a run's budget that one stage has.

    Attributes:
        steps: optimiser steps, or None where time counts.
        seconds: time in the loop, or None where steps count.
        steps_per_epoch: what an epoch is in steps.
    """

    steps: int | None
    seconds: float | None
    steps_per_epoch: float

    def progress(self, step: int, seconds: float) -> Progress:
        """Return how far the stage is after `step` steps and `seconds` in its loop."""
        spent = step / self.steps if self.steps else seconds / (self.seconds or 1.0)
        return Progress(step, min(1.0, spent), step / self.steps_per_epoch)


def stage_budgets(recipe: Recipe, *, positions: int, processes: int) -> list[StageBudget]:
    """Return the budget of each stage, in proportion to the stages' shares.

    Args:
        recipe: of the whole run, its batches resolved.
        positions: pixels of all images, which an epoch's patches cover once by default.
        processes: that take a batch each in a step.
    """
    shares = [each.share for each in recipe.stages] or [1.0]
    budget = recipe.budget
    found = []
    for stage, share in zip(recipe.runs, shares, strict=True):
        part = share / sum(shares)
        patches = budget.patches_per_epoch or max(1, positions // stage.patch**2)
        per_epoch = patches / (int(stage.batch) * processes)
        steps: int | None = None
        if budget.steps or budget.epochs:
            whole = budget.steps or (budget.epochs or 0) * per_epoch
            steps = max(1, math.ceil(whole * part))
        seconds = budget.minutes * 60 * part if budget.minutes else None
        found.append(StageBudget(steps=steps, seconds=seconds, steps_per_epoch=per_epoch))
    return found
