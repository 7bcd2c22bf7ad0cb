"""`folds.json`: what a cross validation has measured so far, for scripts and for `--resume`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from imgclean.atomic import replacing
from imgclean.errors import InvalidSetting
from imgclean.events import EvaluatedFold, EvaluatedFolds
from imgclean.training.checkpoint import writing_run

if TYPE_CHECKING:
    from pathlib import Path

FOLDS_NAME = "folds.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTrial:
    """A trial that is over.

    Attributes:
        folder: its run folder, below that of the cross validation, with forward slashes.
        test_images: names of the images that it was tested with.
        results: a line for each level.
    """

    folder: str
    test_images: tuple[str, ...]
    results: tuple[EvaluatedFold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldsFile:
    """What `folds.json` holds.

    Attributes:
        model: its name.
        folds, repeats, seed: of the splits.
        images: names of all images that are split, in order.
        trials: those that are over, in order.
        means: a line for each level; none until the last trial is over.
    """

    model: str
    folds: int
    repeats: int
    seed: int
    images: tuple[str, ...]
    trials: tuple[FinishedTrial, ...] = ()
    means: tuple[EvaluatedFolds, ...] = ()

    @property
    def subject(self) -> tuple[Any, ...]:
        """Whatever has to be the same for trials to belong together."""
        return self.model, self.folds, self.repeats, self.seed, self.images


def write_folds(output: Path, folds: FoldsFile) -> None:
    """Write the file whole or not at all; a figure that is not finite is null.

    Raises:
        RunUnwritable: it cannot be written.
    """
    content = json.dumps(_finite({"format": _FORMAT} | asdict(folds)), indent=1, allow_nan=False)
    with writing_run(output), replacing(output / FOLDS_NAME) as temporary:
        temporary.write_text(content + "\n", encoding="utf-8")


def read_folds(output: Path) -> FoldsFile | None:
    """Return what the file in a folder holds, or None if there is none.

    Raises:
        InvalidSetting: it cannot be read.
    """
    path = output / FOLDS_NAME
    if not path.exists():
        return None
    try:
        return _folds_of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InvalidSetting(
            f"{path} is not one that this version can read",
            hint="remove it: --resume measures the trials that are finished once more",
        ) from error


def _folds_of(content: dict[str, Any]) -> FoldsFile:
    """Return what was read; ValueError, TypeError and KeyError show that it is something else."""
    if content.pop("format") != _FORMAT:
        raise ValueError("another format")
    content["images"] = tuple(content["images"])
    content["trials"] = tuple(
        FinishedTrial(
            folder=each["folder"],
            test_images=tuple(each["test_images"]),
            results=tuple(EvaluatedFold(**_figures(line)) for line in each["results"]),
        )
        for each in content["trials"]
    )
    content["means"] = ()  # they follow from the trials
    return FoldsFile(**content)


def _figures(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line in which a perfect image has its infinite PSNR again, which JSON has not."""
    return {name: math.inf if value is None else value for name, value in line.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
