"""Alpha is kept, and what it hides neither shows nor spreads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgclean.extension.requests import Window
from imgclean.images.alpha import BesideAlpha, ColourOf
from imgclean.images.rasters import MemorySamples

RANDOM = np.random.default_rng(0)


def picture(dtype: Any = np.uint8) -> np.ndarray:
    """Return noise around 100 with a hidden region of pure white, (90, 120, 4)."""
    samples = RANDOM.normal(100, 5, (90, 120, 4)).clip(0, 255)
    samples[:, :, 3] = 255
    samples[20:70, 40:110] = (255, 255, 255, 0)
    samples[30, 60] = (90, 91, 92, 1)
    return samples.astype(dtype)


def whole(samples: np.ndarray) -> Window:
    return Window(0, 0, samples.shape[1], samples.shape[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_hidden_pixels_take_the_colour_of_the_visible_ones_around(dtype):
    samples = picture(dtype)
    colour = ColourOf(MemorySamples(samples), hidden=True)
    read = colour.read(whole(samples))
    visible = samples[:, :, 3] != 0
    assert colour.shape == (90, 120, 3)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read[visible], samples[:, :, :3][visible])
    near = read[20:26, 40:110].astype(float)
    assert near.max() < 120  # nothing of the white


def test_where_nothing_is_visible_for_far_the_colour_is_the_middle():
    samples = np.full((100, 100, 2), 200, np.uint8)
    samples[:, 10:, 1] = 0
    read = ColourOf(MemorySamples(samples), hidden=True).read(whole(samples))
    assert (read[:, :42] == 200).all()
    assert (read[:, 43:] == 127).all()


@given(st.integers(0, 119), st.integers(0, 89), st.data())
def test_a_window_sees_what_the_whole_image_has_there(x, y, data):
    samples = picture()
    window = Window(x, y, data.draw(st.integers(1, 120 - x)), data.draw(st.integers(1, 90 - y)))
    colour = ColourOf(MemorySamples(samples), hidden=True)
    rows, columns = slice(y, y + window.height), slice(x, x + window.width)
    np.testing.assert_array_equal(colour.read(window), colour.read(whole(samples))[rows, columns])


def test_a_channel_that_is_no_alpha_hides_nothing():
    samples = picture()
    colour = ColourOf(MemorySamples(samples), hidden=False)
    np.testing.assert_array_equal(colour.read(whole(samples)), samples[:, :, :3])


def test_alpha_and_hidden_colours_are_written_as_they_were():
    samples = picture()
    target = MemorySamples(np.zeros_like(samples))
    sink = BesideAlpha(target, MemorySamples(samples), hidden=True)
    sink.write(whole(samples), np.full((90, 120, 3), 7, np.uint8))
    hidden = samples[:, :, 3] == 0
    np.testing.assert_array_equal(target.values[:, :, 3], samples[:, :, 3])
    np.testing.assert_array_equal(target.values[hidden], samples[hidden])
    assert (target.values[:, :, :3][~hidden] == 7).all()
