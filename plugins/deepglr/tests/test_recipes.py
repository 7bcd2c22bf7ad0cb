"""Every recipe is one that trains."""

import tomllib

import pytest
from imgclean_deepglr import DEEPGLR, imgclean_recipes

from imgclean.training.recipe import read_recipe
from imgclean.weightsets.network import build_network, validate_options

RECIPES = imgclean_recipes()


def recipe(name):
    return read_recipe(tomllib.loads(RECIPES[name].read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_of_the_folder_is_one_for_networks_that_can_be_built(name):
    found = recipe(name)
    assert found.model == DEEPGLR.name
    for run in found.runs:
        build_network(DEEPGLR, validate_options(DEEPGLR, run.options))


def test_patches_are_made_of_patches_of_the_graph():
    for name in RECIPES:
        for run in recipe(name).runs:
            assert (run.patch - 26) % 22 == 0, name
            assert run.patch % 4 == 0, name


def test_a_recipe_whose_first_steps_are_on_fewer_blocks_ends_with_all_of_them():
    for name in RECIPES:
        assert recipe(name).runs[-1].options.get("blocks", 4) == 4, name
