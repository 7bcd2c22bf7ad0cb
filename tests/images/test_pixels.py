from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgclean.errors import UnreadableImage
from imgclean.images.pixels import SampleRange, from_unit, sample_range, to_unit


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_integer_returns_exactly(dtype: type[np.unsignedinteger[Any]]) -> None:
    samples = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(-1, 16, 1)
    span = sample_range(samples)
    unit = to_unit(samples, span)
    assert unit.min() == 0
    assert unit.max() == 1
    restored = from_unit(unit, span)
    assert restored.dtype == dtype
    np.testing.assert_array_equal(restored, samples)


@given(arrays(np.float32, (3, 4, 3), elements=st.floats(0, 1, width=32)))
def test_floats_between_0_and_1_return_exactly(samples: np.ndarray) -> None:
    span = sample_range(samples)
    np.testing.assert_array_equal(from_unit(to_unit(samples, span), span), samples)


@given(arrays(np.float32, (5, 4, 3), elements=st.floats(-1e5, 1e5, width=32)))
def test_any_floats_return_to_within_float32(samples: np.ndarray) -> None:
    span = sample_range(samples)
    widest = max(h - low for h, low in zip(span.high, span.low, strict=True))
    restored = from_unit(to_unit(samples, span), span)
    largest = max(1.0, float(np.abs(samples).max()))
    assert np.abs(restored - samples.astype(np.float64)).max() <= 1e-6 * max(widest, largest)


def test_unit_values_are_contiguous_with_channels_first() -> None:
    samples = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    unit = to_unit(samples[:, 1:3], sample_range(samples))
    assert unit.shape == (3, 2, 2)
    assert unit.dtype == np.float32
    assert unit.flags.c_contiguous
    np.testing.assert_allclose(unit[1, 0], samples[0, 1:3, 1] / 255, rtol=1e-6)


def test_integers_are_clipped_and_rounded_half_to_even() -> None:
    span = SampleRange((0.0,), (4.0,), np.dtype(np.uint8))  # quarters are exact in float32
    unit = np.array([[[-0.5, 0.125, 0.375, 0.625, 1.7]]], np.float32)
    assert from_unit(unit, span).ravel().tolist() == [0, 0, 2, 2, 4]


def test_floats_are_not_clipped() -> None:
    samples = np.array([[[0.0]], [[1.0]]], np.float32)
    beyond = np.array([[[-0.25], [1.5]]], np.float32)
    assert from_unit(beyond, sample_range(samples)).ravel().tolist() == [-0.25, 1.5]


def test_floats_beyond_0_and_1_are_stretched_by_channel_without_their_outliers() -> None:
    ramp = np.linspace(100, 200, 20_000, dtype=np.float32).reshape(100, 200)
    ramp[0, 0], ramp[-1, -1] = -1e6, 1e6
    samples = np.stack([ramp, ramp * 2, np.full_like(ramp, 7)], axis=2)
    span = sample_range(samples)
    np.testing.assert_allclose(span.low, (100.1, 200.2, 7), rtol=1e-3)
    np.testing.assert_allclose(span.high, (199.9, 399.8, 8), rtol=1e-3)


def test_a_few_bright_points_on_a_constant_ground_span_the_range() -> None:
    samples = np.full((100, 100, 1), 5, np.float32)
    samples[3, 3] = 9
    span = sample_range(samples)
    assert (span.low, span.high) == ((5.0,), (9.0,))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_named(bad: float) -> None:
    samples = np.zeros((4, 4, 1), np.float32)
    samples[2, 1] = bad
    with pytest.raises(UnreadableImage, match=r"cells\.tif.*NaN or infinity"):
        sample_range(samples, name="cells.tif")
