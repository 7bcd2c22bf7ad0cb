import tomllib

import pytest
from imgclean_dncnn import DNCNN, imgclean_recipes

from imgclean.training.recipe import read_recipe
from imgclean.weightsets.network import build_network, validate_options

RECIPES = imgclean_recipes()
THREE_TASKS = "gaussian:0-55|bicubic:2|bicubic:3|bicubic:4|jpeg:5-99"


def recipe(name):
    return read_recipe(tomllib.loads(RECIPES[name].read_text(encoding="utf-8")))


def network(options):
    return build_network(DNCNN, validate_options(DNCNN, options))


def parameters(options):
    return sum(each.numel() for each in network(options).parameters())


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_of_the_folder_is_one_for_a_network_that_can_be_built(name):
    found = recipe(name)
    assert found.model == DNCNN.name
    for run in found.runs:
        network(run.options)


def test_the_recipes_are_offered_by_the_names_of_their_files():
    assert {"default", "ablation", "paper-known"} <= RECIPES.keys()
    assert all(each.name == f"{name}.toml" for name, each in RECIPES.items())


@pytest.mark.parametrize(
    ("name", "noise", "learnable", "patch", "batches_per_epoch"),
    [
        ("paper-known", "gaussian:25", 556_097, 40, 1600),
        ("paper-blind", "gaussian:0-55", 667_073, 50, 3000),
        ("paper-colour", "gaussian:0-55", 669_379, 50, 3000),
        ("paper-three-tasks", THREE_TASKS, 667_073, 50, 8000),
    ],
)
def test_a_recipe_of_the_paper_has_its_numbers(name, noise, learnable, patch, batches_per_epoch):
    found = recipe(name)
    assert parameters(found.options) == learnable
    assert (found.noise, found.patch, found.batch) == (noise, patch, 128)
    assert found.budget.epochs == 50
    assert found.budget.patches_per_epoch == 128 * batches_per_epoch
    assert found.options["initialisation"] == "small-gain"
    assert found.optimiser.weight_decay == 1e-4
    assert [(each.kind, each.reduction) for each in found.loss] == [("mse", "half-sum")]


def test_the_papers_three_tasks_are_learned_on_luma_and_noise_is_not():
    luma = {name for name in RECIPES if name.startswith("paper-") and recipe(name).data.luma}
    assert luma == {"paper-three-tasks"}


def test_the_papers_networks_learn_at_a_thousandth_for_30_epochs_and_at_a_tenth_of_it_for_20():
    schedule = recipe("paper-known").schedule
    assert (schedule.at, schedule.unit, schedule.factors) == ([30], "epochs", 0.1)


def test_the_ablation_begins_as_the_papers_network_for_sigma_25():
    assert parameters(recipe("ablation").options) == parameters(recipe("paper-known").options)
    assert recipe("ablation").noise == "gaussian:25"
