"""The command line over a recipe, and over a run that is resumed."""

from pathlib import Path

import pytest
import torch

from imgclean.cli.train_settings import over_recipe, resumed, with_discriminator
from imgclean.errors import InvalidSetting
from imgclean.training.batch_size import with_batches
from imgclean.training.recipe import read_recipe
from imgclean.training.run_folder import write_recipe

PAIRS = {"noisy": "n", "clean": ["c"], "match": "s/a/b/"}


def test_images_take_the_place_of_the_recipes_images_and_pairs_that_of_its_noise():
    clean = {"clean": ["mine"], "hold_out": ["x*"]}
    over_pairs = over_recipe({"noise": "pairs", "data": PAIRS}, {"data": {"clean": ["new"]}})
    assert over_pairs == {"data": {"clean": ["new"]}}
    over_clean = over_recipe({"noise": "gaussian:9", "data": clean}, {"data": PAIRS})
    assert over_clean == {"data": {"hold_out": ["x*"], **PAIRS}}
    assert over_recipe({"noise": "gaussian:9"}, {"data": clean})["noise"] == "gaussian:9"


def test_pairs_are_measured_as_they_are_and_not_at_the_recipes_levels():
    recipe = {"validation": {"noise": "gaussian:15", "every": 0.1}}
    assert over_recipe(recipe, {"data": PAIRS})["validation"] == {"every": 0.1}
    kept = over_recipe(recipe, {"data": {"clean": ["mine"]}})
    assert kept["validation"] == recipe["validation"]


def test_a_resume_with_another_budget_and_images_keeps_epochs_and_times_of_measurements(tmp_path):
    settings = {
        "model": "dncnn",
        "data": {"clean": ["c"]},
        "budget": {"epochs": 1.0, "patches_per_epoch": 8},
        "validation": {"every": 0.1, "images": 3, "noisy": "old", "clean": ["older"]},
    }
    write_recipe(tmp_path, read_recipe(settings))
    asked = {"budget": {"epochs": 2.0}, "validation": {"clean": [str(Path("new"))]}}
    recipe = resumed(asked, tmp_path)
    assert (recipe.budget.epochs, recipe.budget.patches_per_epoch) == (2.0, 8)
    validation = recipe.validation
    assert (validation.every, validation.images) == (0.1, 3)
    assert (validation.clean, validation.noisy) == (["new"], None)


def test_a_run_whose_batches_were_left_open_is_resumed_by_the_same_settings(tmp_path):
    settings = {"model": "m", "batch": "auto", "stages": [{"name": "a"}, {"name": "b"}]}
    settings["stages"][1]["batch"] = "auto"
    stored = with_batches(read_recipe(settings), torch.device("cpu"))
    write_recipe(tmp_path, stored)
    assert resumed(settings, tmp_path) == stored
    with pytest.raises(InvalidSetting, match="stages differs"):
        resumed(settings | {"stages": settings["stages"][:1]}, tmp_path)
    settings["stages"][1]["batch"] = 5
    with pytest.raises(InvalidSetting, match="stages differs"):
        resumed(settings, tmp_path)


def test_folds_take_the_place_of_the_one_trial_that_a_recipe_names():
    one = {"folds": {"count": 2, "repeats": 3, "repeat": 2, "number": 1}}
    assert over_recipe(one, {"folds": {"count": 5}})["folds"] == {"count": 5, "repeats": 3}
    named = {"count": 5, "repeat": 1, "number": 4}
    assert over_recipe(one, {"folds": named})["folds"] == named | {"repeats": 3}
    assert over_recipe(one, {"noise": "gaussian:9"})["folds"] == one["folds"]


def test_a_cross_validation_is_resumed_with_its_own_budget_and_splits(tmp_path):
    settings = {"model": "m", "folds": {"count": 2}, "budget": {"steps": 5}}
    write_recipe(tmp_path, read_recipe(settings))
    assert resumed({"folds": {"count": 2}, "budget": {"steps": 5}}, tmp_path).folds.asked
    with pytest.raises(InvalidSetting, match="budget differs"):
        resumed({"budget": {"steps": 6}}, tmp_path)
    with pytest.raises(InvalidSetting, match="folds differs"):
        resumed({"folds": {"count": 3}}, tmp_path)


def test_a_discriminator_takes_the_place_of_each_that_the_recipe_names():
    adversarial = {"kind": "adversarial", "weight": 0.1, "discriminator": "vgg19"}
    other = {"kind": "adversarial"}
    recipe = {
        "loss": [{"kind": "mse"}, adversarial],
        "stages": [{"name": "a"}, {"name": "b", "loss": [other]}, {"name": "c", "loss": "wrong"}],
    }
    changed = with_discriminator(recipe, "scratch")
    assert changed["loss"] == [{"kind": "mse"}, adversarial | {"discriminator": "scratch"}]
    assert changed["stages"][0] == {"name": "a"}
    assert changed["stages"][1]["loss"] == [other | {"discriminator": "scratch"}]
    assert changed["stages"][2]["loss"] == "wrong", "the recipe's own checks say so"
    assert recipe["loss"][1]["discriminator"] == "vgg19"


def test_a_discriminator_that_a_run_has_already_lets_it_be_resumed(tmp_path):
    """Also the one that a term has without naming it."""
    settings = {
        "model": "mscnn",
        "data": {"clean": ["c"]},
        "stages": [{"name": "a", "loss": [{"kind": "adversarial"}]}],
    }
    write_recipe(tmp_path, read_recipe(settings))
    assert resumed(with_discriminator(settings, "patch"), tmp_path)
    with pytest.raises(InvalidSetting, match="stages differs"):
        resumed(with_discriminator(settings, "scratch"), tmp_path)


def test_a_discriminator_for_a_recipe_without_an_adversarial_loss_is_refused():
    with pytest.raises(InvalidSetting, match="--discriminator is for a recipe with"):
        with_discriminator({"stages": [{"name": "a", "loss": [{"kind": "mse"}]}]}, "patch")
