"""Colour images for models of one channel: their luma goes through the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgclean.images.luminance import luma_from_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster, Window

_SPAN = np.float32(219 / 255)  # of luma, from black to white


class LumaOf:
    """Y of YCbCr of an RGB image, as the papers on enlargement and compression take it.

    Args:
        raster: of three channels.
    """

    def __init__(self, raster: Raster) -> None:
        self._raster = raster

    @property
    def shape(self) -> tuple[int, int, int]:
        """One, height, width."""
        return 1, *self._raster.shape[1:]

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[1, h, w], nominally 16 / 255 to 235 / 255."""
        rgb = np.moveaxis(self._raster.read(window), 0, 2).astype(np.float64)
        return np.moveaxis(luma_from_rgb(rgb).astype(np.float32), 2, 0)


class WithLuma:
    """An RGB image with another luma and the chroma that it has.

    In YCbCr that adds one number to red, green and blue; where luma stays, so do they, bit by bit.

    Args:
        raster: of three channels.
        luma: of one.
    """

    def __init__(self, raster: Raster, luma: Raster) -> None:
        self._raster = raster
        self._before = LumaOf(raster)
        self._luma = luma

    @property
    def shape(self) -> tuple[int, int, int]:
        """Three, height, width."""
        return self._raster.shape

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[3, h, w]."""
        change = (self._luma.read(window) - self._before.read(window)) / _SPAN
        changed: NDArray[np.float32] = self._raster.read(window) + change
        return changed
