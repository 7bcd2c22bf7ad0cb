"""Bounds on what is trained on: brightness, and the noise that is left in clean images."""

import numpy as np
import pytest
from PIL import Image
from training_pictures import waves

from imgclean.errors import DataUnusable, InvalidSetting
from imgclean.events import Note
from imgclean.training.recipe import read_recipe
from imgclean.training.recipe_tables import Data
from imgclean.training.training_set import read_data

BOUNDS = {"least_mean": 0.3, "least_psnr": 36.0}


@pytest.fixture
def scenes(tmp_path):
    """A good scene, a dark one, one whose clean image is noisy and one that is both."""
    random = np.random.default_rng(0)
    good = waves(0, 120, 120)
    unclean = good + random.normal(0, 8, good.shape)
    worst = good / 4 + random.normal(0, 8, good.shape)
    made = {"good": good, "dark": good / 4, "noisy": unclean, "worst": worst}
    for name, image in made.items():
        for folder in ("clean", "noisy"):
            (tmp_path / folder).mkdir(exist_ok=True)
            levels = np.rint(image.clip(0, 255)).astype(np.uint8)
            Image.fromarray(levels).save(tmp_path / folder / f"{name}.png")
    return tmp_path


def chosen(scenes, *, pairs=False, events=None, **bounds):
    noisy = {"noisy": str(scenes / "noisy")} if pairs else {}
    data = Data(clean=[str(scenes / "clean")], **noisy, **bounds)
    emit = (events if events is not None else []).append
    found = read_data(data, channels=3, smallest=16, emit=emit)
    return [name.rsplit("/")[-1].removesuffix(".png") for name in found.names]


@pytest.mark.parametrize("pairs", [False, True])
def test_dark_and_unclean_scenes_are_left_out_and_counted(scenes, pairs):
    events = []
    assert chosen(scenes, pairs=pairs, events=events, **BOUNDS) == ["good"]
    (note,) = [each.message for each in events if isinstance(each, Note)]
    assert note == (
        "3 of 4 images are left out: 2 with a mean below 0.3, 2 with an estimated PSNR below 36 dB"
    )


def test_each_bound_stands_alone_and_without_one_nothing_is_left_out(scenes):
    assert chosen(scenes, least_mean=0.3) == ["good", "noisy"]
    assert chosen(scenes, least_psnr=36.0) == ["dark", "good"]
    events = []
    assert len(chosen(scenes, events=events)) == 4
    assert len(chosen(scenes, events=events, least_mean=0.0)) == 4
    assert not [each for each in events if isinstance(each, Note)]


def test_where_none_is_left_the_figures_are_said(scenes):
    with pytest.raises(DataUnusable, match="none of 4 images is left") as error:
        chosen(scenes, least_mean=0.9, least_psnr=70.0)
    assert "means reach 0.4" in str(error.value)
    assert "data.least_mean is 0.9" in str(error.value)
    assert "data.least_psnr is 70 dB" in str(error.value)
    assert "lower the bounds" in error.value.hint


@pytest.mark.parametrize("bound", [{"least_mean": 1.5}, {"least_psnr": 0.0}])
def test_a_bound_that_no_image_can_have_is_refused(bound):
    with pytest.raises(InvalidSetting, match=f"data.{next(iter(bound))}"):
        read_recipe({"model": "m", "data": bound})
