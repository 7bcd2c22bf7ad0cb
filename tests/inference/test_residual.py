"""What was taken away from an image, as an image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgclean.images.picture import Picture
from imgclean.inference.residual import difference, residual_picture


@pytest.mark.parametrize(("dtype", "half"), [(np.uint8, 128), (np.uint16, 32768)])
def test_no_difference_is_mid_grey(dtype, half):
    image = np.arange(12, dtype=dtype).reshape(2, 2, 3)
    assert (difference(image, image) == half).all()
    assert difference(image, image).dtype == dtype


@given(st.data(), st.sampled_from([np.uint8, np.uint16]))
def test_the_noisy_image_is_the_clean_one_and_the_residual(data, dtype):
    top = int(np.iinfo(dtype).max)
    noisy, clean = (data.draw(arrays(dtype, (3, 4, 1))) for _ in range(2))
    half = (top + 1) // 2
    change = noisy.astype(int) - clean.astype(int)
    back = clean.astype(int) + difference(noisy, clean).astype(int) - half
    fits = (change >= -half) & (change < half)
    np.testing.assert_array_equal(back[fits], noisy[fits])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_have_the_signed_difference(dtype):
    noisy, clean = (np.array([[[-3.0, 0.5]]], dtype), np.array([[[1.0, 0.25]]], dtype))
    result = difference(noisy, clean)
    np.testing.assert_array_equal(result, np.array([[[-4.0, 0.25]]]))
    assert result.dtype == dtype


def test_a_picture_of_it_has_no_alpha_and_the_whole_range_of_its_type():
    samples = np.zeros((2, 2, 4), np.uint16)
    noisy = Picture(samples, alpha=True, format="jpeg2000", highest=4095)
    clean = Picture(samples + np.uint16(5), alpha=True, format="jpeg2000", highest=4095)
    picture = residual_picture(noisy, clean)
    assert (picture.alpha, picture.channels, picture.highest) == (False, 3, None)
    assert (picture.samples == 32763).all()
