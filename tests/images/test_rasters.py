from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imgclean.extension.requests import Raster, Window
from imgclean.images.pixels import sample_range
from imgclean.images.rasters import (
    ArrayRaster,
    ArraySink,
    MemorySamples,
    PixelRaster,
    PixelSink,
    Sink,
)

IMAGE = np.random.default_rng(0).integers(0, 65536, (13, 17, 3), dtype=np.uint16)
SPAN = sample_range(IMAGE)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    x, y = draw(st.integers(0, 16)), draw(st.integers(0, 12))
    return Window(x, y, draw(st.integers(1, 17 - x)), draw(st.integers(1, 13 - y)))


@given(windows())
def test_a_window_of_pixels_is_that_of_the_whole_image(window: Window) -> None:
    raster: Raster = PixelRaster(MemorySamples(IMAGE), SPAN)
    whole = raster.read(Window(0, 0, 17, 13))
    part = raster.read(window)
    assert raster.shape == (3, 13, 17)
    rows = slice(window.y, window.y + window.height)
    np.testing.assert_array_equal(
        part, whole[:, rows, window.x : window.x + window.width], strict=True
    )


def test_windows_written_side_by_side_make_the_image() -> None:
    source: Raster = PixelRaster(MemorySamples(IMAGE), SPAN)
    clean = MemorySamples(np.zeros_like(IMAGE))
    pixels = PixelSink(clean, MemorySamples(IMAGE), SPAN)
    floats = ArraySink(source.shape)
    sinks: tuple[Sink, ...] = (pixels, floats)
    for y in range(0, 13, 5):
        for x in range(0, 17, 4):
            window = Window(x, y, min(4, 17 - x), min(5, 13 - y))
            for sink in sinks:
                sink.write(window, source.read(window))
    np.testing.assert_array_equal(clean.values, IMAGE, strict=True)
    everything = Window(0, 0, 17, 13)
    again = ArrayRaster(floats.values)
    assert again.shape == (3, 13, 17)
    np.testing.assert_array_equal(again.read(everything), source.read(everything), strict=True)
