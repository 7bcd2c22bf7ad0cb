"""A clean image in floats, between a pass over its tiles and where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgclean.errors import NonFiniteOutput
from imgclean.extension.requests import Window
from imgclean.images.rasters import ArrayRaster
from imgclean.inference.tiles import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster
    from imgclean.images.rasters import Sink

_COPY_SIDE = 1024  # of the windows in which an image is handed on


class FloatStore:
    """A sink for an image whose channel count shows with its first window."""

    def __init__(self, height: int, width: int) -> None:
        self._height = height
        self._width = width
        self._pixels: NDArray[np.float32] | None = None

    def write(self, window: Window, pixels: NDArray[np.float32]) -> None:
        """Store float32[C, h, w]."""
        if self._pixels is None:
            self._pixels = np.empty((pixels.shape[0], self._height, self._width), np.float32)
        rows = slice(window.y, window.y + window.height)
        columns = slice(window.x, window.x + window.width)
        self._pixels[:, rows, columns] = pixels

    def raster(self) -> Raster:
        """Return the whole.

        Raises:
            ValueError: nothing was written.
        """
        if self._pixels is None:
            raise ValueError("nothing was written")
        return ArrayRaster(self._pixels)


def hand_on(result: Raster, sink: Sink) -> None:
    """Write an image to where it goes.

    Raises:
        NonFiniteOutput: there is a NaN or an infinity in it.
    """
    _, height, width = result.shape
    for window in split(Window(0, 0, width, height), _COPY_SIDE):
        values = result.read(window)
        if not _is_finite(values):
            raise NonFiniteOutput("the model returned NaN or infinity")
        sink.write(window, values)


def _is_finite(values: NDArray[np.float32]) -> bool:
    """Whether no value of float32[C, h, w] is NaN or infinite."""
    # The sum is far quicker; it is not finite if one value is not, or if it overflows. Not by
    # torch, which takes no read-only or reversed array: what a plugin returns may be one.
    rows = np.moveaxis(values, 0, 2).reshape(values.shape[1], -1)
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.einsum("ij->", rows))) or bool(np.isfinite(values).all())
