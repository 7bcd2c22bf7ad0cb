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
        return _luma(self._raster.read(window))


class WithLuma:
    """An RGB image with another luma and the chroma that it has.

    In YCbCr that adds one number to red, green and blue; where luma stays, so do they, bit by bit.

    Args:
        raster: of three channels.
        luma: of one.
    """

    def __init__(self, raster: Raster, luma: Raster) -> None:
        self._raster = raster
        self._luma = luma

    @property
    def shape(self) -> tuple[int, int, int]:
        """Three, height, width."""
        return self._raster.shape

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[3, h, w]."""
        rgb = self._raster.read(window)
        changed: NDArray[np.float32] = rgb + (self._luma.read(window) - _luma(rgb)) / _SPAN
        return changed


def _luma(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[1, h, w] of float32[3, h, w]."""
    luma = luma_from_rgb(np.moveaxis(rgb, 0, 2).astype(np.float64))
    return np.moveaxis(luma.astype(np.float32), 2, 0)
