"""What can be known to be wrong with a run before any work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.errors import InputNotFound, InvalidSetting, OutputExists
from imgclean.training.checkpoint import CHECKPOINT_NAME
from imgclean.training.log import LOG_NAME
from imgclean.training.run_folder import stored_recipe
from imgclean.training.stages import FRESH
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, WEIGHTS_NAME
from imgclean.weightsets.network import validate_options

if TYPE_CHECKING:
    from imgclean.extension.model_info import ModelInfo
    from imgclean.training.recipe import Recipe

_WRITTEN = (CHECKPOINT_NAME, LOG_NAME, CONFIG_NAME, WEIGHTS_NAME, CARD_NAME)


def refuse_what_cannot_be(recipe: Recipe, info: ModelInfo, output: Path, *, resume: bool) -> int:
    """Raise what can be known before any work; return the image channels."""
    _refuse_folder(output, resume=resume)
    if not info.needs_weights:
        raise InvalidSetting(f"{info.name} has nothing to train", hint="see `imgclean models`")
    if not recipe.data.clean:
        raise InvalidSetting("there is nothing to train on", hint="name a folder with --data")
    counts = {
        int(getattr(validate_options(info, each.options), "channels", 3)) for each in recipe.runs
    }
    if len(counts) > 1:
        raise InvalidSetting("stages cannot change the channels", hint="start a run for each")
    (channels,) = counts
    if channels not in info.channels:
        raise InvalidSetting(f"{info.name} is not made for {channels} channels")
    validation = recipe.validation
    named = [*recipe.data.clean, *validation.clean, recipe.data.noisy, validation.noisy]
    for each in named:
        if each is not None and not Path(each).exists():
            raise InputNotFound(f"{each} does not exist")
    for each in [recipe.init, *(stage.init for stage in recipe.stages)]:
        if each not in (None, FRESH):
            find(each, installed())
    return channels


def _refuse_folder(output: Path, *, resume: bool) -> None:
    """Raise where a run would replace what is not its own: a README.md, or another weight set."""
    if stored_recipe(output) is not None:
        if not resume:
            raise OutputExists(
                f"{output} holds a training run", hint="use --resume to go on, or another --out"
            )
        return
    there = [name for name in _WRITTEN if (output / name).exists()]
    if there:
        raise OutputExists(
            f"{output} holds no training run, but {', '.join(there)}, which one would replace",
            hint="choose another --out",
        )
