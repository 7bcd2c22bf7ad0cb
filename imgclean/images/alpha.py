"""Alpha beside the colours: kept as it is, and kept from bringing hidden colours to light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.extension.requests import Window
    from imgclean.images.rasters import Samples, SampleSink

_RADII = (8, 32)  # how far a hidden pixel looks for visible ones, in pixels


class ColourOf:
    """The colours of an image whose last channel is something else.

    Args:
        samples: all of it.
        hidden: the last channel is alpha, and pixels whose alpha is 0 get the mean colour of the
            visible ones around them, so that no model spreads what nobody sees. Depends on the
            pixels within 32 of a window alone, so that tiles see the same.
    """

    def __init__(self, samples: Samples, *, hidden: bool) -> None:
        self._samples = samples
        self._hidden = hidden

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, channels without the last."""
        height, width, channels = self._samples.shape
        return height, width, channels - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Sample type."""
        return self._samples.dtype

    def read(self, window: Window) -> NDArray[Any]:
        """Return (h, w, C)."""
        plain = self._samples.read(window)
        if not self._hidden or plain[:, :, -1].all():
            return plain[:, :, :-1]
        height, width, _ = self._samples.shape
        left, top = max(0, window.x - _RADII[-1]), max(0, window.y - _RADII[-1])
        right = min(width, window.x + window.width + _RADII[-1])
        bottom = min(height, window.y + window.height + _RADII[-1])
        wide = self._samples.read(type(window)(left, top, right - left, bottom - top))
        filled = _filled(wide)
        y, x = window.y - top, window.x - left
        return filled[y : y + window.height, x : x + window.width]


class BesideAlpha:
    """Takes colours and stores them beside the last channel of another image.

    Args:
        target: takes both.
        source: where the last channel comes from.
        hidden: where it is 0 the colours come from there too.
    """

    def __init__(self, target: SampleSink, source: Samples, *, hidden: bool) -> None:
        self._target = target
        self._source = source
        self._hidden = hidden

    def write(self, window: Window, samples: NDArray[Any]) -> None:
        """Store (h, w, C) without the last channel."""
        source = self._source.read(window)
        alpha = source[:, :, -1:]
        if self._hidden and not alpha.all():
            samples = np.where(alpha == 0, source[:, :, :-1], samples)
        self._target.write(window, np.concatenate([samples, alpha], axis=2))


def _filled(samples: NDArray[Any]) -> NDArray[Any]:
    """Return the colours of (h, w, C with alpha last), hidden ones replaced."""
    visible = samples[:, :, -1:] != 0
    exact = np.int64 if samples.dtype.kind == "u" else np.float64
    known = np.where(visible, samples[:, :, :-1], 0).astype(exact)
    result, missing = samples[:, :, :-1].astype(np.float64), ~visible[:, :, 0]
    for radius in _RADII:
        weight = _box_sums(visible.astype(np.int64), radius)[:, :, 0]
        found = missing & (weight > 0)
        result[found] = _box_sums(known, radius)[found] / weight[found, np.newaxis]
        missing &= ~found
    result[missing] = 0.5 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max // 2
    if samples.dtype.kind == "u":
        np.rint(result, out=result)
    return result.astype(samples.dtype)


def _box_sums(values: NDArray[Any], radius: int) -> NDArray[Any]:
    """Return the sums of (h, w, C) over squares of `2 * radius + 1` pixels around each pixel."""
    side = 2 * radius + 1
    padded = np.pad(values, ((radius + 1, radius), (radius + 1, radius), (0, 0)))
    rows = padded.cumsum(axis=0)
    columns = (rows[side:] - rows[:-side]).cumsum(axis=1)
    sums: NDArray[Any] = columns[:, side:] - columns[:, :-side]
    return sums
