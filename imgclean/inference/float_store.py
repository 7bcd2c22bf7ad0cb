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


def hand_on(result: Raster, raster: Raster, sink: Sink, strength: float) -> None:
    """Write a clean image to where it goes, blended with the noisy one.

    Args:
        result: the clean image.
        raster: the noisy one.
        sink: gets the image.
        strength: share of the change that is applied.

    Raises:
        NonFiniteOutput: there is a NaN or an infinity in the clean image.
    """
    _, height, width = raster.shape
    target = sink if strength == 1 else Blended(sink, raster, strength)
    for window in split(Window(0, 0, width, height), _COPY_SIDE):
        clean = result.read(window)
        if not _is_finite(clean):
            raise NonFiniteOutput("the model returned NaN or infinity")
        target.write(window, clean)


class Blended:
    """A sink for a clean image, of which another one gets a blend with the noisy one.

    Args:
        sink: gets the blend.
        raster: the noisy image.
        strength: share of the change that is applied.
    """

    def __init__(self, sink: Sink, raster: Raster, strength: float) -> None:
        self._sink = sink
        self._raster = raster
        self._share = np.float32(strength)

    def write(self, window: Window, values: NDArray[np.float32]) -> None:
        """Blend float32[C, h, w]."""
        noisy = self._raster.read(window)
        self._sink.write(window, noisy + self._share * (values - noisy))


def _is_finite(values: NDArray[np.float32]) -> bool:
    """Whether no value of float32[C, h, w] is NaN or infinite."""
    # The sum is far quicker; it is not finite if one value is not, or if it overflows. Not by
    # torch, which takes no read-only or reversed array: what a plugin returns may be one.
    rows = np.moveaxis(values, 0, 2).reshape(values.shape[1], -1)
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.einsum("ij->", rows))) or bool(np.isfinite(values).all())
