from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from imgclean_dncnn import DNCNN
from material import config_of
from training_pictures import write_pictures

from imgclean.errors import InvalidSetting
from imgclean.events import ignore
from imgclean.training.recipe import read_recipe
from imgclean.training.training_set import read_data, training_set
from imgclean.training.validation import images_on_the_way, inspection_of, validate
from imgclean.weightsets.catalogue import WeightSet


def read(data):
    found = read_data(data, channels=3, smallest=16, emit=ignore)
    return training_set(found, data, torch.device("cpu"), emit=ignore)


def test_images_of_one_name_in_two_folders_have_a_picture_each(tmp_path):
    for name in ("a", "b"):
        write_pictures(tmp_path / name, count=1)
    folders = [str(tmp_path / name) for name in ("a", "b")]
    recipe = read_recipe({"model": "m", "noise": "gaussian:25", "data": {"clean": folders}})
    images = read(recipe.data)
    found = images_on_the_way(recipe, images, 3, ignore)
    assert found is images.examples
    inspection = inspection_of(recipe, found, counts=False)
    assert [each.name for each in inspection.samples] == ["1-0", "2-0"]


def test_a_blind_domain_is_looked_at_in_its_middle(tmp_path):
    write_pictures(tmp_path / "clean")
    recipe = read_recipe({"model": "m", "data": {"clean": [str(tmp_path / "clean")]}})
    images = read(recipe.data).examples
    samples = inspection_of(recipe, images, counts=False).samples
    assert {each.degradation for each in samples} == {"gaussian:25"}


def test_several_levels_are_looked_at_where_the_recipe_names_them(tmp_path):
    write_pictures(tmp_path / "clean")
    settings = {"model": "m", "data": {"clean": [str(tmp_path / "clean")]}}
    levels = {"validation": {"noise": "gaussian:10|gaussian:20"}}
    recipe = read_recipe(settings | levels | {"keep": "blur"})
    inspection = inspection_of(recipe, read(recipe.data).examples, counts=True)
    assert inspection.measures_blur
    looked_at = [(each.degradation, each.name) for each in inspection.samples]
    names = ["0", "1", "2"]
    assert looked_at == [(f"gaussian:{level}", name) for level in (10, 20) for name in names]
    figures = inspection.measure(AsItIs(), nullcontext)
    assert list(figures.levels) == ["gaussian:10", "gaussian:20"]
    assert figures.levels["gaussian:10"] > figures.levels["gaussian:20"] + 5
    assert figures.images == 3
    assert figures.blur > 0.01, "noise is left in what should be smooth"


def test_a_stage_is_looked_at_under_its_own_noise(tmp_path):
    write_pictures(tmp_path / "clean")
    stages = [{"name": "a", "noise": "gaussian:0"}, {"name": "b"}]
    data = {"clean": [str(tmp_path / "clean")]}
    recipe = read_recipe({"model": "m", "noise": "gaussian:30", "data": data, "stages": stages})
    images = read(recipe.data).examples
    shown = [inspection_of(each, images, counts=True).samples[0] for each in recipe.runs]
    assert [each.degradation for each in shown] == ["gaussian:0", "gaussian:30"]
    assert torch.equal(shown[0].noisy, shown[0].clean)


def test_levels_to_look_at_are_refused_beside_pairs(tmp_path):
    pairs = {"clean": [str(tmp_path)], "noisy": str(tmp_path)}
    with pytest.raises(InvalidSetting, match=r"validation\.noise is for clean images"):
        read_recipe({"model": "m", "data": pairs, "validation": {"noise": "gaussian:10"}})


class AsItIs(torch.nn.Conv2d):
    """A network that returns its input."""

    def __init__(self):
        super().__init__(1, 1, 1)

    def forward(self, x, sigma=None):
        return x


class Unchanging:
    """A denoiser of a blind colour DnCNN that returns its input."""

    info = DNCNN
    weights = WeightSet(config_of(), Path("mine"))

    def denoise(self, raster, sink, *, dtype, clean=None):
        sink.values = raster.values


@pytest.mark.parametrize(("choice", "figure"), [({}, 31.23), ({"include": ["[01].png"]}, None)])
def test_a_run_compares_what_it_measures_with_the_paper_only_on_a_whole_set(
    tmp_path, choice, figure
):
    write_pictures(tmp_path / "cbsd68")
    folder = str(tmp_path / "cbsd68")
    recipe = read_recipe(
        {"model": "dncnn", "data": {"clean": [folder]}, "validation": {"clean": [folder], **choice}}
    )
    results = {each.degradation: each for each in validate(Unchanging(), recipe, None, ignore)}
    assert results["gaussian:25"].published_psnr == figure
