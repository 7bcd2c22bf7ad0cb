"""A few crops of an image that stand for all of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from imgclean import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean import Raster

_SHARE = 1 / 8  # of a large image's pixels
_FEWEST, _MOST = 4, 16


def crops_of(raster: Raster, side: int) -> NDArray[np.float32]:
    """Return crops that are spread evenly over an image, float32[K, C, side, side].

    They are the same for the same image, however it is cut into tiles: as many as make up an eighth
    of it, but 4 to 16. Where the image is not as high or wide as a crop, neither are they.

    Args:
        raster: the image.
        side: of a crop in pixels.
    """
    _, height, width = raster.shape
    crop_height, crop_width = min(side, height), min(side, width)
    count = _SHARE * height * width / (crop_height * crop_width)
    count = min(_MOST, max(_FEWEST, count))
    rows = round(math.sqrt(count * height / width))
    rows = min(max(1, rows), math.ceil(height / crop_height))
    columns = min(max(1, round(count / rows)), math.ceil(width / crop_width))
    windows = [
        Window(x, y, crop_width, crop_height)
        for y in _spread(height - crop_height, rows)
        for x in _spread(width - crop_width, columns)
    ]
    return np.stack([raster.read(window) for window in windows])


def _spread(room: int, count: int) -> list[int]:
    """Return where crops begin along an axis: in the middle of equal parts."""
    return [round(room * (index + 0.5) / count) for index in range(count)]
