"""`--strength auto`: how much of the change an image gets by how noisy it is."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgclean.images.noise.estimate import estimate_noise
from imgclean.images.pixels import sample_range
from imgclean.images.rasters import ArrayRaster, MemorySamples, PixelRaster
from imgclean.inference import strength_choice
from imgclean.inference.automatic_strength import automatic_strength
from imgclean.inference.strength_choice import StrengthChoice, noise_of

SIGMAS = st.floats(0, 255)


def noisy(sigma, height=200, width=150, channels=3, seed=0):
    """Return an even image with noise of `sigma` grey levels."""
    generator = np.random.default_rng(seed)
    image = 0.5 + generator.normal(0, sigma / 255, (channels, height, width))
    return ArrayRaster(image.astype(np.float32))


@given(SIGMAS, SIGMAS)
def test_the_strength_never_falls_as_noise_grows(one, other):
    low, high = sorted((one, other))
    assert 0 <= automatic_strength(low) <= automatic_strength(high) <= 1


@pytest.mark.parametrize(("sigma", "share"), [(0, 0), (1, 0), (2, 0.5), (3, 1), (50, 1)])
def test_invisible_noise_gets_nothing_and_plain_noise_all_of_the_change(sigma, share):
    assert automatic_strength(sigma) == share


@pytest.mark.parametrize("sigma", [float("nan"), float("inf")])
def test_noise_that_is_no_number_gets_all_of_the_change(sigma):
    assert automatic_strength(sigma) == 1


@given(st.floats(0, 10))
def test_a_little_more_noise_is_a_little_more_strength(sigma):
    assert abs(automatic_strength(sigma + 0.01) - automatic_strength(sigma)) < 0.01


@pytest.mark.parametrize("size", [(200, 150), (1500, 1100), (40, 3000)])
@pytest.mark.parametrize("sigma", [1, 5, 20])
def test_noise_is_found_in_small_and_in_large_images(size, sigma):
    assert noise_of(noisy(sigma, *size)) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("size", [(300, 420), (1500, 2100)])
@pytest.mark.parametrize("top", [15, 255])
def test_the_noise_is_that_of_inspect(size, top):
    drawn = np.random.default_rng(0).normal(0.5, 0.02, (*size, 3))
    image = np.rint(np.kron(drawn[::2, ::2], np.ones((2, 2, 1))) * top).astype(np.uint8)
    span = sample_range(image, highest=top)
    expected = estimate_noise(image, span).level
    assert noise_of(PixelRaster(MemorySamples(image), span)) == expected


def test_a_large_image_is_read_in_small_parts_on_jpegs_grid():
    read = []

    class Watched(ArrayRaster):
        def read(self, window):
            read.append(window)
            return ArrayRaster.read(self, window)

    noise_of(Watched(noisy(5, 1500, 2100).values))
    assert sum(each.width * each.height for each in read) < 1_500_000
    assert all(each.x % 8 == each.y % 8 == 0 for each in read)


@pytest.mark.parametrize("level", [float("nan"), float("inf")])
def test_an_estimate_that_is_no_number_is_none(monkeypatch, level):
    monkeypatch.setattr(strength_choice, "noise_of_raster", lambda _: SimpleNamespace(level=level))
    assert StrengthChoice("auto").of(noisy(5)) == 1


def test_a_flat_image_has_no_noise():
    assert noise_of(noisy(0)) == pytest.approx(0, abs=0.01)


def test_the_first_image_of_a_file_decides_for_the_others():
    choice = StrengthChoice("auto")
    assert choice.chosen is None
    first = choice.of(noisy(2))
    assert 0.2 < first < 0.8
    assert choice.of(noisy(50)) == choice.of(noisy(0)) == choice.chosen == first


def test_a_strength_that_was_given_is_not_reported_as_chosen():
    choice = StrengthChoice(0.3)
    assert choice.of(noisy(50)) == 0.3
    assert choice.chosen is None


def test_an_image_too_small_to_be_judged_is_cleaned_as_without_auto():
    assert StrengthChoice("auto").of(noisy(0, 3, 3)) == 1
