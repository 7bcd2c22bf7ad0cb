"""Images in memory, read and written window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from imgclean.images.pixels import from_unit, to_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.extension.requests import Window
    from imgclean.images.pixels import SampleRange


class Sink(Protocol):
    """An image that can be written window by window, so that it need not fit into memory."""

    def write(self, window: Window, values: NDArray[np.float32]) -> None:
        """Store float32[C, h, w], nominally in [0, 1], at a window inside the image."""


class PixelRaster:
    """Samples of a file, converted when a window is read: no float copy of the whole image.

    Args:
        samples: (H, W, C).
        span: which sample values become 0 and 1.
    """

    def __init__(self, samples: NDArray[Any], span: SampleRange) -> None:
        self._samples = samples
        self._span = span

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        height, width, channels = self._samples.shape
        return channels, height, width

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w]."""
        return to_unit(self._samples[_rows(window), _columns(window)], self._span)


class ArrayRaster:
    """A float image as a raster.

    Args:
        values: float32[C, H, W], nominally in [0, 1].
    """

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.values = values

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = self.values.shape
        return channels, height, width

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w]: a view."""
        return self.values[:, _rows(window), _columns(window)]


class PixelSink:
    """Takes windows and holds them as samples of a file.

    Args:
        shape: channels, height, width.
        span: which sample values 0 and 1 become.

    Attributes:
        samples: (H, W, C) in the type of `span`; undefined where nothing was written.
    """

    def __init__(self, shape: tuple[int, int, int], span: SampleRange) -> None:
        channels, height, width = shape
        self.samples: NDArray[Any] = np.empty((height, width, channels), span.dtype)
        self._span = span

    def write(self, window: Window, values: NDArray[np.float32]) -> None:
        """Store float32[C, h, w]."""
        self.samples[_rows(window), _columns(window)] = from_unit(values, self._span)


class ArraySink:
    """Takes windows and holds them as floats.

    Args:
        shape: channels, height, width.

    Attributes:
        values: float32[C, H, W]; undefined where nothing was written.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.values: NDArray[np.float32] = np.empty(shape, np.float32)

    def write(self, window: Window, values: NDArray[np.float32]) -> None:
        """Store float32[C, h, w]."""
        self.values[:, _rows(window), _columns(window)] = values


def _rows(window: Window) -> slice:
    return slice(window.y, window.y + window.height)


def _columns(window: Window) -> slice:
    return slice(window.x, window.x + window.width)
