"""What a run leaves on disk beside its weight set: the recipe, and the sets of its stages."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import tomli_w
from filelock import FileLock, Timeout

from imgclean.atomic import remove_leftovers, replacing
from imgclean.errors import InvalidSetting, OutputCollision, WeightsCorrupt
from imgclean.training.checkpoint import writing_run
from imgclean.training.recipe import Recipe, read_recipe
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import read_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECIPE_NAME = "recipe.toml"
_STAGES = "stages"
_LOCK_NAME = ".run.lock"


def stored_recipe(output: Path) -> Recipe | None:
    """Return the recipe of the run in `output`, or None if there is no run.

    Raises:
        InvalidSetting: there is one that cannot be read.
    """
    path = output / RECIPE_NAME
    if not path.exists():
        return None
    try:
        return read_recipe(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, InvalidSetting) as error:
        raise InvalidSetting(
            f"{path} is not a recipe that this version can read", hint="start a new run"
        ) from error


def recipe_text(recipe: Recipe) -> str:
    """Return the recipe in TOML, every default filled in."""
    return tomli_w.dumps(recipe.model_dump(exclude_none=True))


def write_recipe(output: Path, recipe: Recipe) -> None:
    """Write the recipe into the run folder.

    Raises:
        RunUnwritable: it cannot be written.
    """
    with writing_run(output), replacing(output / RECIPE_NAME) as temporary:
        temporary.write_text(recipe_text(recipe), encoding="utf-8")


@contextmanager
def holding(output: Path) -> Iterator[None]:
    """Keep other runs out of a run folder, which is made if need be; a kill lets go of it, too.

    Raises:
        OutputCollision: another run is writing there.
        RunUnwritable: it cannot be written.
    """
    lock = FileLock(output / _LOCK_NAME)
    with writing_run(output):
        output.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputCollision(
                f"another run is writing to {output}", hint="wait for it, or choose another --out"
            ) from error
    try:
        remove_leftovers(output)
        yield
    finally:
        lock.release()


def stage_folder(output: Path, index: int, name: str) -> Path:
    """Return where the weight set of a stage goes."""
    return output / _STAGES / f"{index + 1}-{name}"


def finished_stages(output: Path, recipe: Recipe) -> list[WeightSet]:
    """Return the weight sets of the stages that are finished, in order."""
    found = []
    for index, stage in enumerate(recipe.stages):
        folder = stage_folder(output, index, stage.name)
        try:
            found.append(WeightSet(read_config(folder), folder))
        except WeightsCorrupt:
            break
    return found
