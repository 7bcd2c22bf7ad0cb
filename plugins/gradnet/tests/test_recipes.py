"""Every recipe is one that trains."""

import tomllib

import pytest
from imgclean_gradnet import GRADNET, imgclean_recipes

from imgclean.training.recipe import read_recipe
from imgclean.weightsets.network import build_network, validate_options

RECIPES = imgclean_recipes()


def recipe(name):
    return read_recipe(tomllib.loads(RECIPES[name].read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_of_the_folder_is_one_for_networks_that_can_be_built(name):
    found = recipe(name)
    assert found.model == GRADNET.name
    for run in found.runs:
        build_network(GRADNET, validate_options(GRADNET, run.options))
