"""What can be known to be wrong with a run before any work."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.errors import ImgcleanError, InputNotFound, InvalidSetting, OutputExists
from imgclean.events import ignore
from imgclean.training.adversary import try_discriminator
from imgclean.training.beginnings import begin_network, begins_trained, freeze_parameters
from imgclean.training.checkpoint import CHECKPOINT_NAME
from imgclean.training.folds_file import FOLDS_NAME
from imgclean.training.log import LOG_NAME
from imgclean.training.losses.objective import Objective
from imgclean.training.losses.terms import AdversarialLoss
from imgclean.training.run_folder import stored_recipe
from imgclean.training.schedule import Plateau
from imgclean.training.stages import FRESH
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, WEIGHTS_NAME
from imgclean.weightsets.network import channels_of

if TYPE_CHECKING:
    from imgclean.extension.model_info import ModelInfo
    from imgclean.training.recipe import Recipe

_WRITTEN = (CHECKPOINT_NAME, LOG_NAME, CONFIG_NAME, WEIGHTS_NAME, CARD_NAME)


def refuse_what_cannot_be(recipe: Recipe, info: ModelInfo, output: Path, *, resume: bool) -> int:
    """Raise what can be known before any work; return the image channels."""
    written = (FOLDS_NAME,) if recipe.folds.asked else _WRITTEN
    _refuse_folder(output, written, resume=resume)
    if not info.needs_weights:
        raise InvalidSetting(f"{info.name} has nothing to train", hint="see `imgclean models`")
    if not recipe.data.clean:
        raise InvalidSetting(
            "there is nothing to train on", hint="name a folder with --data, or two with --pairs"
        )
    counts = {channels_of(info, each.options) for each in recipe.runs}
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
            find(each, installed(), (info,))
    _refuse_stages(recipe, info, channels)
    return channels


def _refuse_stages(recipe: Recipe, info: ModelInfo, channels: int) -> None:
    """Raise what would end a later stage, once the earlier ones have been trained."""
    before = None
    for index, stage in enumerate(recipe.runs):
        try:
            _refuse_plateau_unmeasured(stage)
            _refuse_choice_by_test_images(stage)
            network = begin_network(recipe, index, info, before, ignore)
            before = network.state_dict()
            if recipe.stages:
                _refuse_freezing_fresh(recipe, index)
                freeze_parameters(network, tuple(recipe.stages[index].freeze))
            adversarial = [each for each in stage.loss if isinstance(each, AdversarialLoss)]
            for each in adversarial:
                try_discriminator(each.discriminator, channels, info, patch=stage.patch)
            Objective([each for each in stage.loss if each not in adversarial], network)
        except ImgcleanError as error:
            if not recipe.stages:
                raise
            raise error.about(f"stage {recipe.stages[index].name}") from error


def _refuse_plateau_unmeasured(stage: Recipe) -> None:
    """Raise where the schedule `plateau` would never see enough measurements to fall."""
    schedule, validation = stage.schedule, stage.validation
    if not isinstance(schedule, Plateau):
        return
    if not (validation.clean or stage.data.hold_out):
        raise InvalidSetting(
            "the schedule plateau needs images to measure with",
            hint="name some with --validate, or keep some with --hold-out",
        )
    on_the_way = math.ceil(1 / validation.every) - 1
    if on_the_way <= schedule.patience:
        raise InvalidSetting(
            f"the schedule plateau waits for {schedule.patience} measurements without a gain, "
            f"and there are {on_the_way} on the way",
            hint="measure more often, as with --set validation.every=0.02",
        )


def _refuse_freezing_fresh(recipe: Recipe, index: int) -> None:
    """Raise where a stage would hold fast what nothing has trained."""
    frozen = ", ".join(recipe.stages[index].freeze)
    if frozen and not begins_trained(recipe, index):
        raise InvalidSetting(
            f"{frozen} is to be frozen, and begins fresh",
            hint="name the weight set to begin from with --init",
        )


def _refuse_choice_by_test_images(stage: Recipe) -> None:
    """Raise where the best weights would be chosen by what a trial is tested with."""
    measured = stage.validation.clean or stage.data.hold_out
    if stage.keep != "last" and stage.folds.count is not None and not measured:
        raise InvalidSetting(
            f"keep is {stage.keep}, and there are only the images that a fold is tested with",
            hint="name some to choose by with --validate, or keep some with --hold-out",
        )


def _refuse_folder(output: Path, written: tuple[str, ...], *, resume: bool) -> None:
    """Raise where a run would replace what is not its own: a README.md, or another weight set."""
    if stored_recipe(output) is not None:
        if not resume:
            raise OutputExists(
                f"{output} holds a training run", hint="use --resume to go on, or another --out"
            )
        return
    there = [name for name in written if (output / name).exists()]
    if there:
        raise OutputExists(
            f"{output} holds no training run, but {', '.join(there)}, which one would replace",
            hint="choose another --out",
        )
