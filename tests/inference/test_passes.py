"""The passes of a plugin: computed when they are needed, once, and counted by their share."""

import weakref

import numpy as np
import pytest

from imgclean import Window
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.finish import Finish
from imgclean.inference.passes import Passes

IMAGE = np.random.default_rng(0).random((3, 20, 30), np.float32)


class Rows:
    """Runs a function row by row, and counts how often it was asked to."""

    def __init__(self):
        self.runs = 0

    def __call__(self, function, raster, sink, on_pixels, halo, alignment):
        self.runs += 1
        _, height, width = raster.shape
        for y in range(height):
            row = Window(0, y, width, 1)
            sink.write(row, function(raster.read(row)))
            on_pixels(width)


@pytest.fixture
def rows():
    return Rows()


@pytest.fixture
def told():
    return []


@pytest.fixture
def passes(rows, told):
    return Passes(rows, 600, told.append)


def doubled(x):
    return 2 * x


def test_a_pass_is_computed_when_it_is_read_and_only_once(passes, rows):
    result = passes.run_tiles(doubled, ArrayRaster(IMAGE), 0)
    assert rows.runs == 0
    assert result.shape == IMAGE.shape
    whole = ArrayRaster(2 * IMAGE)
    window = Window(3, 2, 11, 7)
    np.testing.assert_array_equal(result.read(window), whole.read(window))
    assert rows.runs == 1


def test_a_pass_that_nothing_has_read_goes_straight_to_its_sink(passes, rows):
    result = passes.run_tiles(doubled, ArrayRaster(IMAGE), 0)
    sink = ArraySink(IMAGE.shape)
    assert result.compute_into(sink)
    np.testing.assert_array_equal(sink.values, 2 * IMAGE)
    assert rows.runs == 1


def test_a_pass_that_was_read_is_not_computed_again_for_its_sink(passes):
    result = passes.run_tiles(doubled, ArrayRaster(IMAGE), 0)
    assert result.shape == IMAGE.shape
    assert not result.compute_into(ArraySink(IMAGE.shape))


def test_a_pass_that_is_computed_lets_go_of_what_it_was_computed_from(passes):
    image = IMAGE.copy()
    gone = weakref.ref(image)
    result = passes.run_tiles(doubled, ArrayRaster(image), 0)
    del image
    assert gone() is not None
    np.testing.assert_array_equal(result.read(Window(0, 0, 30, 20)), 2 * IMAGE)
    assert gone() is None


def test_the_mean_is_over_all_tiles_and_each_channel_its_own(passes):
    means = passes.mean_over_tiles(doubled, ArrayRaster(IMAGE), 0)
    assert means.dtype == np.float64
    np.testing.assert_allclose(means, 2 * IMAGE.astype(np.float64).mean((1, 2)), rtol=1e-6)


def test_passes_that_share_the_work_add_up_to_the_image(passes, told):
    first = passes.run_tiles(doubled, ArrayRaster(IMAGE), 0, share=0.3)
    passes.mean_over_tiles(doubled, first, 0, share=0.2)
    assert sum(told) == pytest.approx(300, abs=1)
    passes.advance(0.1)
    assert sum(told) == pytest.approx(360, abs=1)
    passes.run_tiles(doubled, first, 0, share=0.4).compute_into(ArraySink(IMAGE.shape))
    assert sum(told) == pytest.approx(600, abs=1)


def test_a_blend_is_so_many_parts_of_the_new_image_and_the_rest_of_the_old(passes):
    sink = ArraySink(IMAGE.shape)
    passes.run_tiles(doubled, ArrayRaster(IMAGE), 0).compute_into(
        Finish(strength=0.25).into(sink, ArrayRaster(IMAGE))
    )
    np.testing.assert_allclose(sink.values, 1.25 * IMAGE, rtol=1e-6)
