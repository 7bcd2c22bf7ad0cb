import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgclean.degradation.bicubic import imresize
from imgclean.extension.requests import Window
from imgclean.images.rasters import ArrayRaster, MemorySamples
from imgclean.inference.enlargement import EnlargedRaster, EnlargedSamples
from imgclean.inference.luma import LumaOf, WithLuma


@given(st.data())
def test_a_window_of_an_enlarged_image_is_that_part_of_the_whole(data):
    height, width = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 30))
    scale = data.draw(st.sampled_from((2, 3, 4)))
    small = np.random.default_rng(height).random((2, height, width), np.float32)
    x, y = (
        data.draw(st.integers(0, width * scale - 1)),
        data.draw(st.integers(0, height * scale - 1)),
    )
    window = Window(
        x,
        y,
        data.draw(st.integers(1, width * scale - x)),
        data.draw(st.integers(1, height * scale - y)),
    )
    raster = EnlargedRaster(ArrayRaster(small), scale)
    assert raster.shape == (2, height * scale, width * scale)
    whole = imresize(small.transpose(1, 2, 0).astype(float), scale).transpose(2, 0, 1)
    part = whole[:, y : y + window.height, x : x + window.width]
    np.testing.assert_allclose(raster.read(window), part, atol=1e-6)


@pytest.mark.parametrize(("highest", "top"), [(None, 65_535), (1023, 1023)])
def test_integers_that_were_enlarged_are_rounded_and_stay_within_their_depth(highest, top):
    edge = np.repeat(np.array([[0, 0, top, top]], np.uint16), 4, axis=0)[..., None]
    samples = EnlargedSamples(MemorySamples(edge), 3, highest)
    large = samples.read(Window(0, 0, 12, 12))
    assert large.dtype == np.uint16
    assert (large.min(), large.max()) == (0, top)
    assert set(np.unique(large)) > {0, top}


def test_floats_that_were_enlarged_overshoot_as_the_kernel_does():
    edge = np.repeat(np.array([[0.0, 0.0, 1.0, 1.0]]), 4, axis=0)[..., None]
    large = EnlargedSamples(MemorySamples(edge), 2).read(Window(0, 0, 8, 8))
    assert large.dtype == np.float64
    assert large.min() < 0
    assert large.max() > 1


def test_colours_come_back_bit_by_bit_where_luma_stays():
    rgb = ArrayRaster(np.random.default_rng(0).random((3, 20, 30), np.float32))
    whole = Window(0, 0, 30, 20)
    same = WithLuma(rgb, ArrayRaster(LumaOf(rgb).read(whole)))
    assert (same.read(whole) == rgb.values).all()


def test_another_luma_is_that_of_the_new_image_and_chroma_stays():
    rgb = ArrayRaster(np.random.default_rng(0).random((3, 20, 30), np.float32))
    whole = Window(0, 0, 30, 20)
    luma = LumaOf(rgb).read(whole) + np.float32(0.1)
    new = WithLuma(rgb, ArrayRaster(luma))
    np.testing.assert_allclose(LumaOf(new).read(whole), luma, atol=1e-6)
    before, after = rgb.values, new.read(whole)
    np.testing.assert_allclose(after[0] - after[1], before[0] - before[1], atol=1e-6)
    np.testing.assert_allclose(after[2] - after[1], before[2] - before[1], atol=1e-6)
