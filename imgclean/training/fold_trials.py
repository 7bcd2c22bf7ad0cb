"""The trials of a cross validation, one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from imgclean.errors import WeightsCorrupt
from imgclean.events import EvaluatedFold, TrialBegun
from imgclean.training.checkpoint import CHECKPOINT_NAME
from imgclean.training.fold_means import fold_means
from imgclean.training.folds_file import FinishedTrial, FoldsFile, write_folds
from imgclean.weightsets.config import read_config

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.events import Emit, EvaluatedFolds
    from imgclean.training.recipe import Recipe


class TrainTrial(Protocol):
    """Trains and measures one trial."""

    def __call__(self, recipe: Recipe, *, output: Path, emit: Emit) -> object:
        """Leave the trial's weight set in `output`, and emit its `EvaluatedFold` events."""


@dataclass(slots=True)
class FoldTrials:
    """A cross validation under way.

    Attributes:
        recipe: asks for all trials.
        output: holds their folders and the file.
        emit: gets all events.
        train: trains one.
        file: what was measured so far.
    """

    recipe: Recipe
    output: Path
    emit: Emit
    train: TrainTrial
    file: FoldsFile
    _seconds: list[float] = field(default_factory=list)

    def run(self) -> tuple[EvaluatedFolds, ...]:
        """Run the trials that are not finished; return the means over all."""
        recipes = {trial_folder(each): each for each in trial_recipes(self.recipe)}
        finished = {each.folder: each for each in self.file.trials if self._is_whole(each)}
        self._write(finished)
        for number, (folder, recipe) in enumerate(recipes.items(), start=1):
            if folder in finished:
                for line in finished[folder].results:
                    self.emit(line)
            else:
                left = sum(each not in finished for each in recipes)
                self.emit(self._begun(recipe, number, len(recipes), left))
                finished[folder] = self._run(recipe, folder)
                self._write(finished)
        lines = [line for each in finished.values() for line in each.results]
        means = fold_means(lines, folds=self.file.folds, repeats=self.file.repeats)
        self.file = replace(self.file, means=tuple(means))
        write_folds(self.output, self.file)
        for mean in means:
            self.emit(mean)
        return self.file.means

    def _is_whole(self, trial: FinishedTrial) -> bool:
        """Whether the weight set of a trial that was measured is still there."""
        try:
            read_config(self.output / trial.folder)
        except WeightsCorrupt:
            return False
        return True

    def _run(self, recipe: Recipe, folder: str) -> FinishedTrial:
        results: list[EvaluatedFold] = []

        def collect(event: object) -> None:
            if isinstance(event, EvaluatedFold):
                results.append(event)
            self.emit(event)

        whole = not (self.output / folder / CHECKPOINT_NAME).exists()
        started = time.monotonic()
        self.train(recipe, output=self.output / folder, emit=collect)
        if whole:  # what is left of an interrupted one says little of the others
            self._seconds.append(time.monotonic() - started)
        names = self.file.images
        test = recipe.fold.test(len(names)) if recipe.fold else ()
        return FinishedTrial(
            folder=folder,
            test_images=tuple(names[index] for index in test),
            results=tuple(results),
        )

    def _begun(self, recipe: Recipe, number: int, trials: int, left: int) -> TrialBegun:
        """Return what there is to say of a trial before it is run."""
        minutes = recipe.budget.minutes
        seconds = None if minutes is None else minutes * 60
        if self._seconds:
            seconds = sum(self._seconds) / len(self._seconds)
        return TrialBegun(
            trial=number,
            trials=trials,
            repeat=recipe.folds.repeat or 1,
            fold=recipe.folds.number or 1,
            folder=str(self.output / trial_folder(recipe)),
            seconds_left=None if seconds is None else round(seconds * left, 1),
        )

    def _write(self, finished: dict[str, FinishedTrial]) -> None:
        order = [trial_folder(each) for each in trial_recipes(self.recipe)]
        trials = tuple(finished[folder] for folder in order if folder in finished)
        self.file = replace(self.file, trials=trials, means=())
        write_folds(self.output, self.file)


def trial_recipes(recipe: Recipe) -> list[Recipe]:
    """Return the recipe of each trial, one split after the other."""
    folds = recipe.folds
    return [
        recipe.model_copy(
            update={"folds": folds.model_copy(update={"repeat": repeat, "number": number})}
        )
        for repeat in range(1, folds.repeats + 1)
        for number in range(1, (folds.count or 1) + 1)
    ]


def trial_folder(recipe: Recipe) -> str:
    """Return the run folder of a trial, below that of the cross validation."""
    return f"repeat-{recipe.folds.repeat}/fold-{recipe.folds.number}"
