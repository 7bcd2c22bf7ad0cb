import dataclasses

import pytest
from imgclean_dncnn import DNCNN
from material import config_of

from imgclean import Published
from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.published import beside_published, published_figure
from imgclean.events import Evaluated

THREE = "gaussian:0-55|bicubic:2|bicubic:3|bicubic:4|jpeg:5-99"


def figure(noise, title, degradation, channels=1):
    return published_figure(
        DNCNN,
        config_of(noise, channels),
        options={"channels": channels},
        title=title,
        degradation=parse_degradation(degradation),
        channels=channels,
    )


@pytest.mark.parametrize(
    ("noise", "title", "degradation", "channels", "system", "psnr"),
    [
        ("gaussian:25", "BSD68", "gaussian:25", 1, "DnCNN-S", 29.23),
        ("gaussian:0-55", "bsd68", "gaussian:25", 1, "DnCNN-B", 29.16),
        ("gaussian:0-75", "bsd68", "gaussian:25", 1, "DnCNN-B", 29.16),
        (THREE, "bsd68", "gaussian:25", 1, "DnCNN-3", 29.02),
        (THREE, "Set5", "bicubic:3", 1, "DnCNN-3", 33.75),
        (THREE, "live1", "jpeg:40", 1, "DnCNN-3", 33.96),
        ("gaussian:0-55", "CBSD68", "gaussian:50", 3, "CDnCNN-B", 27.92),
    ],
)
def test_a_set_is_compared_with_the_system_that_was_trained_alike(
    noise, title, degradation, channels, system, psnr
):
    found = figure(noise, title, degradation, channels)
    assert (found.system, found.psnr) == (system, psnr)


@pytest.mark.parametrize(
    ("noise", "title", "degradation", "channels"),
    [
        ("gaussian:15", "BSD68", "gaussian:25", 1),
        ("gaussian:0-55", "BSD68", "gaussian:30", 1),
        ("gaussian:0-55", "kodak24", "gaussian:25", 1),
        ("gaussian:0-55", "CBSD68", "gaussian:25", 1),
        ("jpeg:5-99", "LIVE1", "jpeg:10", 1),
    ],
)
def test_there_is_no_figure_for_another_training_level_set_or_colour(
    noise, title, degradation, channels
):
    assert figure(noise, title, degradation, channels) is None


def stated(psnr=29.0, **protocol):
    return Published(
        system="D",
        set="BSD68",
        degradation="gaussian:25",
        psnr=psnr,
        channels=1,
        trained_on="gaussian:0-55",
        **protocol,
    )


def psnr_beside(published, options=None, **protocol):
    found = published_figure(
        dataclasses.replace(DNCNN, published=published),
        config_of(channels=1),
        options={"channels": 1} | (options or {}),
        title="BSD68",
        degradation=parse_degradation("gaussian:25"),
        channels=1,
        **protocol,
    )
    return None if found is None else found.psnr


@pytest.mark.parametrize(
    ("options", "psnr"),
    [({}, 29.1), ({"depth": 20}, 29.1), ({"depth": 17}, 29.2), ({"batch_norm": False}, None)],
)
def test_each_variant_of_a_model_has_its_own_figure_by_options_with_defaults(options, psnr):
    variants = (
        stated(29.1, options={"depth": 20, "batch_norm": True}),
        stated(29.2, options={"depth": 17}),
    )
    assert psnr_beside(variants, options) == psnr


def test_a_figure_of_an_option_that_the_model_lacks_is_never_shown():
    assert psnr_beside((stated(options={"breadth": None}),)) is None


@pytest.mark.parametrize("crop", [None, 320])
@pytest.mark.parametrize("unrounded", [False, True])
def test_a_figure_is_shown_only_beside_a_measurement_by_its_protocol(crop, unrounded):
    protocol = {"crop": crop, "unrounded": unrounded}
    others = [
        {"crop": a, "unrounded": b}
        for a in (None, 320, 300)
        for b in (False, True)
        if (a, b) != (crop, unrounded)
    ]
    assert psnr_beside((stated(**protocol),), **protocol) == 29.0
    assert [psnr_beside((stated(**protocol),), **each) for each in others] == [None] * 5


def test_a_figure_with_options_can_be_hashed_with_its_model():
    figure = stated(options={"depth": 17})
    assert hash(dataclasses.replace(DNCNN, published=(figure,))) is not None


def test_the_difference_is_measured_less_published():
    line = Evaluated(
        set="bsd68",
        degradation="gaussian:25",
        model="dncnn",
        weights="mine",
        images=68,
        psnr=28.87,
        ssim=0.81,
        input_psnr=20.19,
        input_ssim=0.38,
        seconds=1.0,
    )
    stated = Published(
        system="B",
        set="BSD68",
        degradation="gaussian:25",
        psnr=29.16,
        ssim=0.82,
        trained_on="gaussian:0-55",
    )
    compared = beside_published(line, stated)
    assert (compared.published_psnr, compared.published_ssim) == (29.16, 0.82)
    assert compared.difference == pytest.approx(-0.29)
    assert beside_published(line, None) == line
    assert (
        dataclasses.replace(compared, published_psnr=None, published_ssim=None, difference=None)
        == line
    )
