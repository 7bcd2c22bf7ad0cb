"""Windows become bands of whole rows, whatever order they come in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imgclean.extension.requests import Window
from imgclean.images.bands import Bands

IMAGE = np.random.default_rng(0).integers(0, 255, (37, 23, 3), dtype=np.uint8)


def windows(height: int, width: int) -> list[Window]:
    return [
        Window(x, y, min(width, 23 - x), min(height, 37 - y))
        for y in range(0, 37, height)
        for x in range(0, 23, width)
    ]


def part(window: Window) -> np.ndarray:
    return IMAGE[window.y : window.y + window.height, window.x : window.x + window.width]


@given(st.integers(1, 40), st.integers(1, 24), st.integers(1, 40), st.randoms())
def test_bands_are_the_image_from_top_to_bottom(height, width, rows, random):
    found: list[np.ndarray] = []
    bands = Bands(IMAGE.shape, IMAGE.dtype, rows, found.append)
    order = windows(height, width)
    random.shuffle(order)
    first = order.index(Window(0, 0, min(width, 23), min(height, 37)))
    for window in order[first : first + 1] + order[:first] + order[first + 1 :]:
        bands.write(window, part(window))
    assert [len(each) for each in found] == [min(rows, 37 - y) for y in range(0, 37, rows)]
    np.testing.assert_array_equal(np.concatenate(found), IMAGE)


def test_a_band_is_handed_on_as_soon_as_it_is_whole():
    found: list[np.ndarray] = []
    bands = Bands(IMAGE.shape, IMAGE.dtype, 10, found.append)
    counts = []
    for window in windows(6, 12):
        bands.write(window, part(window))
        counts.append(len(found))
    assert counts == [0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4]


def test_an_image_that_begins_anew_keeps_the_rows_that_were_handed_on():
    found: list[np.ndarray] = []
    bands = Bands(IMAGE.shape, IMAGE.dtype, 10, found.append)
    for window in windows(6, 12)[:5]:
        bands.write(window, np.zeros_like(part(window)))
    for window in windows(6, 12):
        bands.write(window, part(window))
    image = np.concatenate(found)
    assert not image[:10].any()
    np.testing.assert_array_equal(image[10:], IMAGE[10:])
