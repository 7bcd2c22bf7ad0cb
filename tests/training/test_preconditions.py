"""What would end a run late, or make it pointless, is said before any work."""

import dataclasses

import pytest
from imgclean_dncnn import DNCNN
from torch import nn

from imgclean.errors import InvalidSetting
from imgclean.training.preconditions import refuse_what_cannot_be
from imgclean.training.recipe import read_recipe


def small(channels):
    """A discriminator that judges no patch below 16 pixels."""

    def refuse(module, inputs):
        if inputs[0].shape[-1] < 16:
            raise InvalidSetting("small wants 16 pixels")

    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network.register_forward_pre_hook(refuse)
    return network


INFO = dataclasses.replace(DNCNN, discriminators={"small": f"{__name__}:small"})


def refuse(tmp_path, **settings):
    images = {"clean": [str(tmp_path)]}
    recipe = read_recipe({"model": "dncnn", "data": images, "options": {"depth": 3}} | settings)
    refuse_what_cannot_be(recipe, INFO, tmp_path / "run", resume=False)


PLATEAU = {"kind": "plateau", "patience": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"freeze": ["lairs.*"]}, "stage late: no parameter matches 'lairs"),
        ({"freeze": ["*"]}, "stage late: every parameter is frozen"),
        (
            {"loss": [{"kind": "weight_penalty", "parameters": ["lairs.*"]}]},
            "stage late: loss weight_penalty: no parameter matches 'lairs",
        ),
        (
            {"loss": [{"kind": "adversarial", "discriminator": "vgg"}]},
            "stage late: dncnn has no discriminator 'vgg'",
        ),
        (
            {"loss": [{"kind": "adversarial", "discriminator": "small"}], "patch": 8},
            "stage late: small wants 16 pixels",
        ),
        ({"init": "dncnn-gray-blind", "into": "naive"}, "stage late: .* nothing of it fits"),
        ({"schedule": PLATEAU}, "stage late: the schedule plateau needs images"),
    ],
)
def test_a_mistake_in_a_later_stage_is_said_before_the_first_is_trained(tmp_path, change, message):
    early = {"name": "early"}
    refuse(tmp_path, stages=[early, {"name": "late"}])
    with pytest.raises(InvalidSetting, match=message):
        refuse(tmp_path, stages=[early, {"name": "late", **change}])


def test_what_begins_fresh_is_not_frozen(tmp_path):
    frozen = {"name": "a", "freeze": ["layers.0.*"]}
    with pytest.raises(InvalidSetting, match=r"stage a: layers\.0.* is to be frozen, and begins"):
        refuse(tmp_path, stages=[frozen])
    fresh = {"name": "b", "init": "fresh", "freeze": ["layers.0.*"]}
    with pytest.raises(InvalidSetting, match=r"stage b: .* begins fresh"):
        refuse(tmp_path, stages=[{"name": "a"}, fresh])
    trained = {**frozen, "init": "dncnn-gray-25"}
    refuse(tmp_path, stages=[trained], options={"channels": 1, "depth": 17})


def test_the_best_weights_are_not_chosen_by_what_a_fold_is_tested_with(tmp_path):
    folds = {"keep": "psnr", "folds": {"count": 2}}
    with pytest.raises(InvalidSetting, match="only the images that a fold is tested with"):
        refuse(tmp_path, **folds)
    refuse(tmp_path, **folds, data={"clean": [str(tmp_path)], "hold_out": ["a*"]})
    refuse(tmp_path, keep="psnr")


def test_a_plateau_is_refused_where_it_is_measured_too_seldom_to_fall(tmp_path):
    measured = {"schedule": PLATEAU, "data": {"clean": [str(tmp_path)], "hold_out": ["a*"]}}
    refuse(tmp_path, **measured, validation={"every": 0.2})
    with pytest.raises(InvalidSetting, match="3 measurements without a gain, and there are 3"):
        refuse(tmp_path, **measured, validation={"every": 0.25})
