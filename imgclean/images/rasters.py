"""Images read and written window by window: in the samples of a file, and as floats.

Two levels: `Samples` and `SampleSink` deal in a file's own numbers, `Raster` and `Sink` in the
float32 that models work in. `PixelRaster` and `PixelSink` lead from one to the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from imgclean.images.pixels import from_unit, to_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.extension.requests import Window
    from imgclean.images.pixels import SampleRange

_NEARLY_EMPTY = 1 / 8  # of the range: 13 bits of 16


class Samples(Protocol):
    """The samples of an image, in memory or in a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Sample type, in native byte order."""

    def read(self, window: Window) -> NDArray[Any]:
        """Return (h, w, C)."""


class SampleSink(Protocol):
    """Takes the samples of an image, window by window."""

    def write(self, window: Window, samples: NDArray[Any]) -> None:
        """Store (h, w, C)."""


class Sink(Protocol):
    """An image that can be written window by window, so that it need not fit into memory."""

    def write(self, window: Window, values: NDArray[np.float32]) -> None:
        """Store float32[C, h, w], nominally in [0, 1], at a window inside the image."""


class MemorySamples:
    """Samples in memory, to read and to write.

    Args:
        values: (H, W, C).
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Sample type."""
        return self.values.dtype

    def read(self, window: Window) -> NDArray[Any]:
        """Return (h, w, C): a view."""
        return self.values[_rows(window), _columns(window)]

    def write(self, window: Window, samples: NDArray[Any]) -> None:
        """Store (h, w, C)."""
        self.values[_rows(window), _columns(window)] = samples


class PixelRaster:
    """Samples as floats, converted when a window is read: no float copy of the whole image.

    Args:
        samples: the image.
        span: which sample values become 0 and 1.
    """

    def __init__(self, samples: Samples, span: SampleRange) -> None:
        self.samples = samples
        self.span = span
        self._highest = -np.inf

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        height, width, channels = self.samples.shape
        return channels, height, width

    @property
    def is_nearly_empty(self) -> bool:
        """Whether all that was read lies in the lowest eighth of the range.

        Of 8 bits never: a dark photo may.
        """
        if self.span.dtype == np.uint8:
            return False
        return bool(self._highest <= _NEARLY_EMPTY)

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w]."""
        unit = to_unit(self.samples.read(window), self.span)
        if self.span.dtype != np.uint8:
            self._highest = max(self._highest, float(unit.max()))
        return unit


class PixelSink:
    """Floats as samples, converted when a window is written.

    Args:
        target: takes the samples.
        source: the samples that the floats were computed from.
        span: which sample values 0 and 1 become.
    """

    def __init__(self, target: SampleSink, source: Samples, span: SampleRange) -> None:
        self.target = target
        self.source = source
        self.span = span

    def write(self, window: Window, values: NDArray[np.float32]) -> None:
        """Store float32[C, h, w]."""
        source = self.source.read(window) if self.span.dtype.kind == "f" else None
        if isinstance(self.target, MemorySamples):
            from_unit(values, self.span, source, out=self.target.read(window))
        else:
            self.target.write(window, from_unit(values, self.span, source))


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


class Cropped:
    """A part of an image.

    Args:
        samples: the whole.
        part: which of it; inside.
    """

    def __init__(self, samples: Samples, part: Window) -> None:
        self._samples = samples
        self._part = part

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels."""
        return self._part.height, self._part.width, self._samples.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Sample type."""
        return self._samples.dtype

    def read(self, window: Window) -> NDArray[Any]:
        """Return (h, w, C)."""
        x, y = window.x + self._part.x, window.y + self._part.y
        return self._samples.read(type(window)(x, y, window.width, window.height))


def _rows(window: Window) -> slice:
    return slice(window.y, window.y + window.height)


def _columns(window: Window) -> slice:
    return slice(window.x, window.x + window.width)
