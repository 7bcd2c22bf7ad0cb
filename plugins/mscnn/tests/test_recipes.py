"""The recipes say what the paper says, and each phase goes on from the one before."""

import tomllib

import pytest
from imgclean_mscnn import MODEL, imgclean_recipes
from imgclean_mscnn.network import MSCNN
from network_material import write_set

from imgclean.extension.loader import load_plugins
from imgclean.training.beginnings import begin_network
from imgclean.training.losses.terms import AdversarialLoss, WeightPenalty
from imgclean.training.recipe import read_recipe
from imgclean.training.recipe_files import begun_from
from imgclean.weightsets.network import build_network, validate_options

RECIPES = imgclean_recipes()


def settings(name):
    return tomllib.loads(RECIPES[name].read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_of_the_folder_is_one_for_networks_that_can_be_built(name):
    for run in read_recipe(settings(name)).runs:
        build_network(MODEL, validate_options(MODEL, run.options))


@pytest.mark.parametrize("name", ["paper", "three-phases"])
def test_the_three_phases_are_the_papers(name):
    recipe = read_recipe(settings(name))
    first, second, third = recipe.runs
    assert [each.freeze for each in recipe.stages] == [[], ["scales.*"], ["scales.*"]]
    assert first.noise == "gaussian:0"
    assert first.options | {"channels": 1} == {"channels": 1, "damping": False, "dropout": 0.7}
    for run in (second, third):
        options = validate_options(MODEL, run.options)
        assert (options.damping, options.dropout) == (True, 0.0)
        assert "-" in run.noise
    (penalty,) = (each for each in second.loss if isinstance(each, WeightPenalty))
    assert penalty.parameters == ["reconstruction.0.weight", "reconstruction.2.weight"]
    assert (penalty.p, penalty.epsilon) == (0.1, 1e-4)
    (adversarial,) = (each for each in third.loss if isinstance(each, AdversarialLoss))
    assert adversarial.updates == 2
    assert adversarial.steps_before > 0


def test_the_third_phase_has_the_papers_rates_and_weight():
    recipe = read_recipe(settings("paper"))
    third = recipe.runs[2]
    (adversarial,) = (each for each in third.loss if isinstance(each, AdversarialLoss))
    assert (third.optimiser.lr, adversarial.lr) == (1e-5, 1e-6)
    assert (adversarial.weight.start, adversarial.weight.end) == (0.0, 0.99)
    assert adversarial.discriminator == "vgg19"
    assert third.patch == 64
    ten_passes = 10 * recipe.budget.patches_per_epoch / third.batch
    assert ten_passes <= adversarial.steps_before <= 1.01 * ten_passes


def test_each_phase_alone_goes_on_from_the_set_of_the_one_before(tmp_path):
    """Options and noise of a set to begin from must not reach a phase that is without them."""
    registry = load_plugins()
    first = read_recipe(settings("clean-to-clean"))
    options = {"channels": 1, "damping": False, "dropout": 0.7}
    made = write_set(tmp_path / "one", MODEL, MSCNN(**options), options, noise=first.noise)
    begun = settings("noisy-to-clean") | {"init": f"{made.folder}/"}
    (second,) = read_recipe(begun_from(begun, registry)).runs
    assert second.noise == "gaussian:0-30"
    assert second.options == {"channels": 1, "damping": True, "dropout": 0.0}
    notes = []
    network = begin_network(read_recipe(begun_from(begun, registry)), 0, MODEL, None, notes.append)
    assert notes[0].message == "16 tensors are inherited, 6 begin fresh"
    made = write_set(tmp_path / "two", MODEL, network, {"channels": 1}, noise="gaussian:0-30")
    begun = settings("adversarial") | {"init": f"{made.folder}/"}
    recipe = read_recipe(begun_from(begun, registry))
    assert (recipe.runs[0].noise, recipe.runs[0].options) == ("gaussian:0-30", {"channels": 1})
    begin_network(recipe, 0, MODEL, None, notes.append)
    assert len(notes) == 1, "all is inherited"
