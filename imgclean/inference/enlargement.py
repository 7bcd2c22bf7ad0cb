"""Images enlarged bicubically, window by window, as models for enlargement expect them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.degradation.bicubic import enlarging_part
from imgclean.extension.requests import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster
    from imgclean.images.rasters import Samples


class EnlargedRaster:
    """A float image, enlarged; neither clipped nor rounded.

    Args:
        raster: the small image.
        scale: pixels of the large image, along each side, for one of the small.
    """

    def __init__(self, raster: Raster, scale: int) -> None:
        self._raster = raster
        self._scale = scale

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = self._raster.shape
        return channels, height * self._scale, width * self._scale

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w], C fastest in memory."""
        _, height, width = self._raster.shape

        def small(part: Window) -> NDArray[np.float32]:
            return np.moveaxis(self._raster.read(part), 0, 2)

        large = _enlarged(small, height, width, self._scale, window)
        return np.moveaxis(large.astype(np.float32), 2, 0)


class EnlargedSamples:
    """The samples of a file, enlarged, in its own type; integers are rounded.

    Args:
        samples: the small image.
        scale: as for `EnlargedRaster`.
        highest: the largest value of integers by the file's bit depth, where it is below the
            type's.
    """

    def __init__(self, samples: Samples, scale: int, highest: int | None = None) -> None:
        self._samples = samples
        self._scale = scale
        self._highest = highest

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels."""
        height, width, channels = self._samples.shape
        return height * self._scale, width * self._scale, channels

    @property
    def dtype(self) -> np.dtype[Any]:
        """Sample type."""
        return self._samples.dtype

    def read(self, window: Window) -> NDArray[Any]:
        """Return (h, w, C)."""
        height, width, _ = self._samples.shape
        large = _enlarged(self._samples.read, height, width, self._scale, window)
        if self.dtype.kind == "u":
            top = self._highest or np.iinfo(self.dtype).max
            np.rint(large.clip(0, top), out=large)
        return large.astype(self.dtype)


def _enlarged(
    read: Callable[[Window], NDArray[Any]], height: int, width: int, scale: int, window: Window
) -> NDArray[np.float64]:
    """Return a window of an enlarged image, float64[h, w, C].

    Args:
        read: gives (h, w, C) of the small image, which has `height` times `width` pixels.
        height, width, scale: see there.
        window: of the large image.
    """
    top, rows = enlarging_part(height, scale, window.y, window.y + window.height)
    left, columns = enlarging_part(width, scale, window.x, window.x + window.width)
    part = read(Window(left, top, columns.shape[1], rows.shape[1])).astype(np.float64)
    large = np.tensordot(columns, np.tensordot(rows, part, (1, 0)), (1, 1))
    return np.ascontiguousarray(large.transpose(1, 0, 2))
