"""Samples of a file to the float32 in [0, 1] that models work in, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOW_PERCENTILE, _HIGH_PERCENTILE = 0.1, 99.9


@dataclass(frozen=True, slots=True)
class SampleRange:
    """Which sample values become 0 and 1.

    Attributes:
        low, high: one value for each colour channel; `high` is above `low`.
        dtype: the samples' type.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    dtype: np.dtype[Any]

    @property
    def is_unit(self) -> bool:
        """Whether the samples are floats that need no scaling."""
        return self.dtype.kind == "f" and set(self.low) == {0.0} and set(self.high) == {1.0}


def sample_range(colour: NDArray[Any], *, name: str = "the image") -> SampleRange:
    """Return the range of an image's samples.

    Integers: 0 to the largest value of the type. Floats: 0 to 1 if all lie there, else, for each
    channel, the 0.1 and the 99.9 percentile, so that a few outliers do not squeeze the rest.

    Args:
        colour: (H, W, C), unsigned integers or floats.
        name: the file, for the error message.

    Raises:
        UnreadableImage: there is a NaN or an infinity among the samples.
    """
    channels = colour.shape[2]
    if colour.dtype.kind == "u":
        top = float(np.iinfo(colour.dtype).max)
        return SampleRange((0.0,) * channels, (top,) * channels, colour.dtype)
    low, high = colour.min(), colour.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UnreadableImage(
            f"{name}: NaN or infinity among the samples",
            hint="replace such samples by numbers first",
        )
    if low >= 0 and high <= 1:
        return SampleRange((0.0,) * channels, (1.0,) * channels, colour.dtype)
    bounds = [_robust_bounds(colour[:, :, channel]) for channel in range(channels)]
    return SampleRange(tuple(b[0] for b in bounds), tuple(b[1] for b in bounds), colour.dtype)


def to_unit(samples: NDArray[Any], span: SampleRange) -> NDArray[np.float32]:
    """Return samples (h, w, C) as C-contiguous float32[C, h, w], `span` becoming [0, 1]."""
    unit: NDArray[np.float32] = np.empty(np.moveaxis(samples, 2, 0).shape, np.float32)
    view = np.moveaxis(unit, 0, 2)
    if span.is_unit:
        view[...] = samples
    elif span.dtype.kind == "u":
        np.divide(samples, np.float32(span.high[0]), out=view, dtype=np.float32)
    else:
        low, high = np.asarray(span.low), np.asarray(span.high)
        view[...] = (samples - low) / (high - low)
    return unit


def from_unit(unit: NDArray[np.float32], span: SampleRange) -> NDArray[Any]:
    """Return float32[C, h, w] as samples (h, w, C) of the type and range of `span`.

    Integers are clipped and rounded half to even; floats are neither.
    """
    view = np.moveaxis(unit, 0, 2)
    if span.is_unit:
        return np.ascontiguousarray(view, span.dtype)
    if span.dtype.kind == "u":
        scaled = np.clip(view, 0, 1, order="C")
        scaled *= np.float32(span.high[0])
        return np.rint(scaled, out=scaled).astype(span.dtype)
    low, high = np.asarray(span.low), np.asarray(span.high)
    return np.ascontiguousarray(view * (high - low) + low, span.dtype)


def _robust_bounds(channel: NDArray[Any]) -> tuple[float, float]:
    low, high = np.percentile(channel.astype(np.float64), (_LOW_PERCENTILE, _HIGH_PERCENTILE))
    if low == high:
        low, high = channel.min(), channel.max()
    return (float(low), float(high)) if low < high else (float(low), float(low) + 1)
