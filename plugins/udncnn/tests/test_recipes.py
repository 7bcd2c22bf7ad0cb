"""Every recipe is one that trains, and says what the paper says."""

import tomllib

import pytest
from imgclean_udncnn import DNRESNET, UDNCNN, imgclean_recipes
from imgclean_udncnn.dnresnet import DNResNet
from network_material import shaken, write_set

from imgclean.training.beginnings import begin_network
from imgclean.training.recipe import read_recipe
from imgclean.weightsets.network import build_network, validate_options
from imgclean.weightsets.store import read_tensors

RECIPES = imgclean_recipes()
MODELS = {each.name: each for each in (DNRESNET, UDNCNN)}
CASCADES = ["known-gaussian", "known-poisson", "known-poisson-gaussian", "paper"]


def recipe(name):
    return read_recipe(tomllib.loads(RECIPES[name].read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_of_the_folder_is_one_for_networks_that_can_be_built(name):
    found = recipe(name)
    info = MODELS[found.model]
    for run in found.runs:
        build_network(info, validate_options(info, run.options))


@pytest.mark.parametrize("name", CASCADES)
def test_a_cascade_grows_from_three_to_thirteen_layers(name):
    found = recipe(name)
    assert [run.options["blocks"] for run in found.runs] == [0, 1, 2, 3, 4, 5]
    assert [each.name for each in found.stages][::5] == ["3-layers", "13-layers"]


def test_there_is_a_recipe_for_known_and_for_blind_noise_of_each_kind():
    for kind in ("gaussian", "poisson", "poisson-gaussian"):
        for how, blind in (("known", False), ("blind", True)):
            noise = recipe(f"{how}-{kind}").noise
            assert noise.split(":")[0] == kind
            assert ("-" in noise.split(":")[1]) == blind
    kinds = [each.split(":")[0] for each in recipe("blind-three-noises").noise.split("|")]
    assert kinds == ["gaussian", "poisson", "poisson-gaussian"]


def test_an_evolution_makes_one_block_after_the_other_separable_and_inherits_the_rest(tmp_path):
    trained = write_set(tmp_path / "trained", DNRESNET, DNResNet(), {})
    settings = tomllib.loads(RECIPES["separable"].read_text(encoding="utf-8"))
    found = read_recipe(settings | {"init": str(trained.folder)})
    assert [run.options["separable"] for run in found.runs] == [1, 2, 3, 4, 5]
    made = read_tensors(trained)
    for index in range(5):
        network = begin_network(found, index, DNRESNET, made, lambda _: None)
        own = network.state_dict()
        inherited = [name for name in own if name in made and own[name].equal(made[name])]
        fresh = {name.rsplit(".", 2)[0] for name in own.keys() - set(inherited)}
        assert fresh == {f"blocks.{index}"}
        made = shaken(network).state_dict()


def test_a_conversion_at_once_keeps_nothing_but_the_layers_around_the_blocks(tmp_path):
    trained = write_set(tmp_path / "trained", DNRESNET, DNResNet(), {})
    settings = tomllib.loads(RECIPES["separable-at-once"].read_text(encoding="utf-8"))
    found = read_recipe(settings | {"init": str(trained.folder)})
    notes = []
    begin_network(found, 0, DNRESNET, None, notes.append)
    assert notes[0].message == "6 tensors are inherited, 40 begin fresh"


def test_the_edge_aware_losses_are_the_papers():
    assert [(each.kind, each.weight) for each in recipe("edge-a").loss] == [
        ("mse", 1.0),
        ("edge", 0.025),
    ]
    maps = [recipe(name).loss[1].map for name in ("edge-a", "edge-b")]
    assert maps == ["sobel", "canny"]


def test_enlargement_is_of_nineteen_layers_in_luma():
    found = recipe("enlargement")
    assert found.options == {"channels": 1, "blocks": 8}
    assert found.data.luma
