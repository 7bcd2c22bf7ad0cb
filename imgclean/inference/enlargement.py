"""Images enlarged bicubically, window by window, as models for enlargement expect them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.degradation.bicubic import enlarging_taps
from imgclean.extension.requests import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
    down, rows = enlarging_taps(height, scale, window.y, window.y + window.height)
    across, columns = enlarging_taps(width, scale, window.x, window.x + window.width)
    top, left = int(rows.min()), int(columns.min())
    part = read(Window(left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1))
    part = part.astype(np.float64)
    # Rows come before columns, as in MATLAB.
    part = _sum_of(part[each - top] * by[:, None, None] for each, by in _pairs(rows, down))
    return _sum_of(part[:, each - left] * by[:, None] for each, by in _pairs(columns, across))


def _pairs(
    taps: NDArray[np.int64], weights: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    return zip(taps.T, weights.T, strict=True)


def _sum_of(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    rest = iter(parts)
    total = next(rest)
    for each in rest:
        total += each
    return total
