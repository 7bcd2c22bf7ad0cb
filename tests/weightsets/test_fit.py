"""Whether an image's noise and a weight set's domain go together."""

import pytest

from imgclean.degradation.parsing import parse_degradation
from imgclean.images.noise.estimate import ChannelNoise, NoiseEstimate
from imgclean.weightsets.fit import PLAIN, judge_fit


def noise(level=25.0, correlation=0.0, slope=0.0, intercept=None):
    even = (level / 255) ** 2 if intercept is None else intercept
    white = correlation == 0
    return NoiseEstimate((ChannelNoise(level, slope, even, correlation, correlation, white),))


@pytest.mark.parametrize(
    ("found", "domain", "fits", "number"),
    [
        (noise(25), "gaussian:0-55", True, "25.0"),
        (noise(25), "gaussian:25", True, "25.0"),
        (noise(25), "gaussian:50", False, "25.0"),
        (noise(70), "gaussian:0-55", False, "70.0"),
        (noise(25), "gaussian:0-55|bicubic:2|jpeg:5-99", True, "25.0"),
        (noise(25), "gaussian:0-55+jpeg:40-99", True, "25.0"),
        (noise(25), "jpeg:5-99", False, "25.0"),
        (noise(25), "camera", False, "25.0"),
        (noise(9, correlation=0.5), "gaussian:0-55", False, "0.50"),
        (noise(9, correlation=0.5), "gaussian:0-55+jpeg:40-99", True, "0.50"),
        (noise(9, correlation=0.5), "jpeg:5-99|poisson:4-90+jpeg2000:1", True, "0.50"),
        (noise(9, correlation=0.5), "gaussian:0-55+bicubic:2", True, "0.50"),
        (noise(9, correlation=0.5), "jpeg:40-99+gaussian:0-55", False, "0.50"),
        (noise(9, correlation=0.5), "gaussian:0-55|jpeg:40-99", False, "0.50"),
        (noise(9, correlation=0.5), "camera", True, "0.50"),
        (noise(9, correlation=0.5), "pairs", True, "0.50"),
        (noise(9, slope=0.01, intercept=1e-4), "gaussian:0-55", False, "99 %"),
        (noise(9, slope=0.01, intercept=1e-4), "camera", True, "99 %"),
        (noise(9, slope=0.01, intercept=1e-4), "poisson-gaussian:4-1000,0-30", True, "99 %"),
        (noise(9, slope=0.01, intercept=1e-4), "poisson-gaussian:4-50,0-30", False, "99 %"),
        (noise(9, slope=-0.01, intercept=0.0101), "poisson:4-1000", False, "99 %"),
        (noise(0.4), "gaussian:0-55", True, "0.4"),
        (noise(0.4), "gaussian:50", False, "0.4"),
    ],
)
def test_noise_fits_a_domain_that_holds_its_kind_and_level(found, domain, fits, number):
    judged = judge_fit(found, parse_degradation(domain))
    assert judged.fits is fits
    assert number in judged.reason


def test_an_image_with_hardly_any_noise_is_named_as_such():
    assert "nearly clean" in judge_fit(noise(0.4), parse_degradation("gaussian:0-55")).reason


@pytest.mark.parametrize("found", [noise(1.7), noise(2.9, correlation=0.5), noise(2, slope=2e-4)])
@pytest.mark.parametrize("domain", ["camera", "gaussian:0-55", "poisson:4-90"])
def test_faint_noise_may_be_texture_and_does_no_harm(found, domain):
    judged = judge_fit(found, parse_degradation(domain))
    assert judged.fits
    assert f"noise of {found.level:.1f} grey levels, which may be texture" in judged.reason


def test_from_the_plain_level_on_noise_is_noise():
    assert not judge_fit(noise(PLAIN), parse_degradation("camera")).fits


@pytest.mark.parametrize(("domain", "level"), [("gaussian:50", 2.0), ("jpeg:5-99", 2.0)])
def test_weights_that_always_take_away_much_and_those_for_other_tasks_do_not_fit(domain, level):
    judged = judge_fit(noise(level), parse_degradation(domain))
    assert not judged.fits
    assert "2.0" in judged.reason


@pytest.mark.parametrize(
    ("domain", "even"),
    [("gaussian:0-55", True), ("poisson-gaussian:4-50,0-30", False), ("poisson:4-50", False)],
)
def test_only_noise_that_is_even_is_said_to_be(domain, even):
    judged = judge_fit(noise(9, slope=0.01, intercept=1e-4), parse_degradation(domain))
    assert not judged.fits
    assert judged.reason.endswith("which does not") is even
