from pathlib import Path

import pytest

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import NoModelInstalled
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.choice import Wanted, choose_weight_set
from imgclean.weightsets.config import WeightSetConfig

MODELS = frozenset({"dncnn", "gradnet"})


def weight_set(
    name, noise="gaussian:0-55", channels=3, preference=0, model="dncnn", task="denoise"
):
    config = WeightSetConfig(
        name=name,
        model=model,
        sha256="0" * 64,
        task=task,
        noise=noise,
        channels=channels,
        options={},
        preference=preference,
    )
    return WeightSet(config, Path("/nowhere"))


def chosen(sets, **wanted):
    return choose_weight_set(sets, Wanted(models=MODELS, **({"channels": 3} | wanted))).name


BLIND = weight_set("blind")
GRAY = weight_set("gray", channels=1)
AT_25 = weight_set("at-25", noise="gaussian:25", preference=9)


def test_gray_images_take_gray_sets_and_colour_images_colour_sets():
    assert chosen([BLIND, GRAY], channels=1) == "gray"
    assert chosen([BLIND, GRAY], channels=3) == "blind"


def test_a_set_for_one_level_is_taken_only_near_that_level():
    assert chosen([BLIND, AT_25], sigma=24) == "at-25"
    assert chosen([BLIND, AT_25], sigma=35) == "blind"
    assert chosen([BLIND, AT_25]) == "blind"


def test_a_blind_set_that_has_seen_the_level_comes_first():
    wide = weight_set("wide", noise="gaussian:0-100")
    assert chosen([weight_set("narrow", preference=5), wide], sigma=80) == "wide"


def test_a_set_that_has_seen_the_degradation_comes_before_gaussian_ones():
    blind_peaks = weight_set("blind-peaks", noise="poisson:1-8")
    one_peak = weight_set("one-peak", noise="poisson:4")
    poisson = parse_degradation("poisson:4")
    assert chosen([BLIND, blind_peaks], degradation=poisson) == "blind-peaks"
    assert chosen([BLIND, blind_peaks, one_peak], degradation=poisson) == "one-peak"
    assert chosen([BLIND, blind_peaks], degradation=parse_degradation("poisson:30")) == "blind"
    assert chosen([BLIND, blind_peaks], degradation=poisson, sigma=25) == "blind-peaks"


@pytest.mark.parametrize("noise", ["poisson:1-8", "pairs", "gaussian:25+jpeg:10"])
def test_where_nothing_is_known_gaussian_sets_come_before_all_others(noise):
    other = weight_set("other", noise=noise, preference=9)
    assert chosen([AT_25, other]) == "at-25"
    assert chosen([BLIND, other], sigma=25) == "blind"
    assert chosen([other]) == "other"


def test_a_set_for_several_tasks_fits_each_of_them_and_the_preference_decides():
    noise = "gaussian:0-55|bicubic:2|jpeg:5-99"
    several = weight_set("several", noise=noise, preference=1)
    jpeg = weight_set("jpeg", noise="jpeg:5-99", task="deblock", preference=2)
    assert chosen([several, BLIND]) == "several"
    assert chosen([weight_set("all", noise=noise), weight_set("blind")]) == "blind"
    assert chosen([several, BLIND], task="upscale") == "several"
    assert chosen([several, jpeg], task="deblock") == "jpeg"
    assert chosen([several, jpeg], task="denoise") == "several"


def test_the_preference_decides_among_equals_and_then_the_name():
    preferred = weight_set("z-preferred", preference=1, model="gradnet")
    assert chosen([BLIND, preferred]) == "z-preferred"
    assert chosen([weight_set("b"), weight_set("a")]) == "a"


def test_a_preferred_set_for_every_level_comes_before_one_for_the_known_level():
    preferred = weight_set("preferred", preference=1, model="gradnet")
    at_25 = weight_set("known", noise="gaussian:25")
    assert chosen([at_25, preferred], sigma=25) == "preferred"
    assert chosen([at_25, BLIND], sigma=25) == "known"
    narrow = weight_set("narrow", noise="gaussian:10", preference=2)
    assert chosen([narrow, BLIND], sigma=25) == "blind"


def test_a_named_model_excludes_the_others():
    preferred = weight_set("preferred", preference=1, model="gradnet")
    assert chosen([BLIND, preferred], model="dncnn") == "blind"


def test_a_set_for_another_channel_count_is_better_than_none():
    assert chosen([GRAY], channels=3) == "gray"


@pytest.mark.parametrize("wanted", [{"task": "deblock"}, {"model": "gradnet"}])
def test_where_nothing_fits_the_hint_says_to_install_sets_or_to_train_one_if_there_are_any(wanted):
    with pytest.raises(NoModelInstalled) as caught:
        chosen([BLIND], **wanted)
    assert "imgclean train" in caught.value.hint
    assert "pip install" not in caught.value.hint
    with pytest.raises(NoModelInstalled) as caught:
        chosen([], **wanted)
    assert "pip install" in caught.value.hint


def test_sets_of_models_that_are_not_installed_are_left_out():
    with pytest.raises(NoModelInstalled):
        chosen([weight_set("x", model="absent")])


def test_a_photograph_is_cleaned_by_a_set_for_photographs():
    photo = weight_set("photo", noise="camera")
    eager = weight_set("eager", preference=9)
    assert chosen([eager, photo], photograph=True) == "photo"
    assert chosen([eager, photo]) == "eager"
    assert chosen([eager], photograph=True) == "eager"
    assert chosen([eager, photo], photograph=True, sigma=25) == "eager"
    degradation = parse_degradation("gaussian:5")
    assert chosen([eager, photo], photograph=True, degradation=degradation) == "eager"


def test_a_photograph_is_deblocked_as_any_other_image():
    photo = weight_set("photo", noise="camera")
    jpeg = weight_set("jpeg", noise="jpeg:5-99", task="deblock")
    assert chosen([jpeg, photo], photograph=True, task="deblock") == "jpeg"


def test_among_sets_for_photographs_the_preferred_one_is_taken():
    sets = [weight_set("first", noise="camera"), weight_set("best", noise="camera", preference=1)]
    assert chosen(sets, photograph=True) == "best"
