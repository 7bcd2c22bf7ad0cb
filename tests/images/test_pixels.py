from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgclean.errors import UnreadableImage
from imgclean.images.order_statistics import percentiles
from imgclean.images.pixels import SampleRange, from_unit, range_of_batches, sample_range, to_unit
from imgclean.images.range_choice import Bounds, Percentiles, RangeChoice


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_integer_returns_exactly(dtype: type[np.unsignedinteger[Any]]) -> None:
    samples = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(-1, 16, 1)
    span = sample_range(samples)
    unit = to_unit(samples, span)
    assert unit.min() == 0
    assert unit.max() == 1
    restored = from_unit(unit, span, samples)
    assert restored.dtype == dtype
    np.testing.assert_array_equal(restored, samples)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@given(data=st.data())
def test_what_the_model_leaves_alone_returns_bit_by_bit(
    dtype: type[np.floating[Any]], data: st.DataObject
) -> None:
    width = np.dtype(dtype).itemsize * 8
    limit = 60_000 if width == 16 else 2.0**40
    elements = st.floats(-limit, limit, width=width)  # type: ignore[arg-type]
    samples = data.draw(arrays(dtype, (5, 4, 3), elements=elements))
    span = sample_range(samples)
    restored = from_unit(to_unit(samples, span), span, samples)
    assert restored.dtype == dtype
    np.testing.assert_array_equal(restored, samples)


@given(
    arrays(np.uint16, (4, 5, 2)),
    st.sampled_from(["auto", "dtype", Percentiles(1, 99), Bounds(0, 4095), Bounds(-7.5, 99)]),
)
def test_integers_outside_of_the_range_return_too(samples: np.ndarray, choice: RangeChoice) -> None:
    span = sample_range(samples, choice)
    np.testing.assert_array_equal(from_unit(to_unit(samples, span), span, samples), samples)


@given(arrays(np.float32, (9, 7, 1), elements=st.floats(-9, 9, width=32)), st.data())
def test_percentiles_are_those_of_numpy(samples: np.ndarray, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, 9))
    wanted = (0, 0.1, 12.5, 50, 99.9, 100)
    found = percentiles(lambda: [samples[:cut], samples[cut:]], wanted)
    np.testing.assert_allclose(found, np.percentile(samples.astype(np.float64), wanted), atol=1e-9)


def test_the_range_is_found_over_all_batches_for_each_channel() -> None:
    first = np.stack([np.linspace(0, 50, 1000), np.full(1000, 3)], 1).reshape(1, -1, 2)
    batches = [first.astype(np.float32), (first + 50).astype(np.float32)]
    span = range_of_batches(lambda: batches, np.dtype(np.float32), 2, Percentiles(0, 100))
    assert span.low == (0, 3)
    assert span.high == (100, 53)


@pytest.mark.parametrize(
    ("choice", "highest", "low", "high"),
    [
        ("auto", None, 0, 65535),
        ("dtype", None, 0, 65535),
        ("auto", 1023, 0, 1023),
        (Bounds(10, 20), None, 10, 20),
        (Percentiles(0, 100), None, 100, 900),
    ],
)
def test_a_range_of_integers_is_as_chosen(
    choice: RangeChoice, highest: int | None, low: float, high: float
) -> None:
    samples = np.linspace(100, 900, 64).astype(np.uint16).reshape(8, 8, 1)
    span = sample_range(samples, choice, highest=highest)
    assert (span.low, span.high) == ((low,), (high,))


def test_the_range_of_a_float_type_is_0_to_1() -> None:
    samples = np.full((4, 4, 1), 7, np.float32)
    assert sample_range(samples, "dtype").is_unit


def test_unit_values_have_channels_first_in_shape_and_last_in_memory() -> None:
    samples = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    unit = to_unit(samples[:, 1:3], sample_range(samples))
    assert unit.shape == (3, 2, 2)
    assert unit.dtype == np.float32
    assert np.moveaxis(unit, 0, 2).flags.c_contiguous
    np.testing.assert_allclose(unit[1, 0], samples[0, 1:3, 1] / 255, rtol=1e-6)


def test_integers_are_clipped_and_rounded_half_to_even() -> None:
    span = SampleRange((0.0,), (4.0,), np.dtype(np.uint8), 255)  # quarters are exact in float32
    unit = np.array([[[-0.5, 0.125, 0.375, 0.625, 1.7]]], np.float32)
    samples = np.zeros((1, 5, 1), np.uint8)
    assert from_unit(unit, span, samples).ravel().tolist() == [0, 0, 2, 2, 7]


def test_floats_are_not_clipped() -> None:
    samples = np.array([[[0.0]], [[1.0]]], np.float32)
    beyond = np.array([[[-0.25], [1.5]]], np.float32)
    assert from_unit(beyond, sample_range(samples), samples).ravel().tolist() == [-0.25, 1.5]


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
