"""`--keep-detail`: fine luminance comes back in texture, and nothing in even areas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgclean.errors import UnsupportedImage
from imgclean.extension.requests import Window
from imgclean.images.luminance import gray_planes
from imgclean.images.rasters import ArrayRaster
from imgclean.inference.detail import HALO, DetailKept, require_room

SIZES = st.tuples(st.integers(1, 3 * HALO), st.integers(1, 3 * HALO))


def kept(clean, noisy, share, *, colours=True):
    whole = Window(0, 0, clean.shape[2], clean.shape[1])
    rasters = ArrayRaster(clean), ArrayRaster(noisy)
    return DetailKept(*rasters, share, colours=colours).read(whole)


def grating(amplitude, height=128, width=128):
    """Return an even gray image with fine stripes in its right half, float32[3, H, W]."""
    image = np.full((3, height, width), 0.5, np.float32)
    image[:, :, width // 2 :: 4] += np.float32(amplitude)
    image[:, :, width // 2 + 1 :: 4] += np.float32(amplitude)
    return image


@pytest.fixture
def scene():
    """A textured scene, its noisy image, and a clean one that has lost half of the texture.

    A tenth of the noise is left in the clean one, as networks leave it.
    """
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 10 / 255, (3, 128, 128)).astype(np.float32)
    noisy = grating(0.3) + noise
    return grating(0.15) + noise / 10, noisy


def std(values):
    return float(values.std())


def test_an_even_area_stays_clean_when_all_detail_is_kept(scene):
    clean, noisy = scene
    even = (slice(None), slice(None), slice(0, 40))
    result = kept(clean, noisy, 1)
    assert std(result[even]) < 1.01 * std(clean[even])
    assert std(noisy[even]) > 5 * std(result[even])


def test_a_textured_area_gets_nearer_to_the_noisy_images_detail(scene):
    clean, noisy = scene
    texture = (slice(None), slice(None), slice(80, None))
    before = std(gray_planes(noisy - clean)[texture])
    half = std(gray_planes(noisy - kept(clean, noisy, 0.5))[texture])
    after = std(gray_planes(noisy - kept(clean, noisy, 1))[texture])
    assert half < 0.6 * before
    assert after < 0.3 * before


def test_red_green_and_blue_get_the_same_so_that_no_colour_noise_comes_back(scene):
    clean, noisy = scene
    given_back = kept(clean, noisy, 1) - clean
    assert given_back.std() > 0.01
    np.testing.assert_allclose(given_back, given_back[:1].repeat(3, 0), atol=1e-6)


def test_a_channel_that_is_no_colour_is_its_own_luma(scene):
    clean, noisy = scene
    together = kept(clean, noisy, 0.7, colours=False)
    alone = [kept(clean[at : at + 1], noisy[at : at + 1], 0.7, colours=False) for at in range(3)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


@given(SIZES, st.data())
def test_a_pixel_is_the_same_in_whatever_window_it_is_read(size, data):
    height, width = size
    generator = np.random.default_rng(data.draw(st.integers(0, 100)))
    clean, noisy = (generator.random((3, height, width), np.float32) for _ in range(2))
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    bottom = data.draw(st.integers(top + 1, height))
    right = data.draw(st.integers(left + 1, width))
    raster = DetailKept(ArrayRaster(clean), ArrayRaster(noisy), 0.8, colours=True)
    part = raster.read(Window(left, top, right - left, bottom - top))
    whole = kept(clean, noisy, 0.8)
    np.testing.assert_array_equal(part, whole[:, top:bottom, left:right])


PLANES = arrays(np.float32, (1, 9, 11), elements=st.floats(0, 1, width=32))


@given(PLANES, PLANES, st.floats(0, 1))
def test_it_gives_back_no_more_than_was_taken_away(clean, noisy, share):
    given_back = np.abs(kept(clean, noisy, share, colours=False) - clean)
    assert given_back.max() <= 2 * np.abs(noisy - clean).max() * share + 1e-6


def test_what_was_not_changed_stays():
    image = np.random.default_rng(0).random((3, 40, 50), np.float32)
    np.testing.assert_array_equal(kept(image, image, 1), image)


def test_an_image_whose_floats_exceed_the_memory_is_refused_with_advice():
    require_room((3, 4000, 6000))
    with pytest.raises(UnsupportedImage, match="keeping detail of 4000000 x 4000000") as caught:
        require_room((1, 4_000_000, 4_000_000))
    assert "--crop" in caught.value.hint
