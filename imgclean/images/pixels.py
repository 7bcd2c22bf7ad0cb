"""Samples of a file to the float32 in [0, 1] that models work in, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import UnreadableImage
from imgclean.images.order_statistics import percentiles
from imgclean.images.range_choice import Bounds, Percentiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from imgclean.images.range_choice import RangeChoice

_ROBUST = Percentiles(0.1, 99.9)
_CHUNK_ROWS = 256
_CACHED_ROWS = 64  # of a tile: as many as stay in a core's cache through all steps


@dataclass(frozen=True, slots=True)
class SampleRange:
    """Which sample values become 0 and 1.

    Attributes:
        low, high: one value for each colour channel; `high` is above `low`.
        dtype: the samples' type.
        top: the largest value that integers are written with.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    dtype: np.dtype[Any]
    top: int = 0

    @property
    def is_unit(self) -> bool:
        """Whether 0 and 1 are themselves."""
        return self.spans_from_zero and self.high[0] == 1

    @property
    def spans_from_zero(self) -> bool:
        """Whether 0 is itself, and all channels have one range."""
        return set(self.low) == {0.0} and len(set(self.high)) == 1

    @property
    def rounding(self) -> float:
        """Variance that rounding has added to samples in [0, 1]; 0 of floats."""
        if self.dtype.kind != "u":
            return 0.0
        widest = max(b - a for a, b in zip(self.low, self.high, strict=True))
        return 1 / (12 * widest**2)


def sample_range(
    colour: NDArray[Any],
    choice: RangeChoice = "auto",
    *,
    highest: int | None = None,
    name: str = "the image",
) -> SampleRange:
    """Return the range of an image in memory; see `range_of_batches`.

    Args:
        colour: (H, W, C), unsigned integers or floats.
        choice, highest, name: as there.
    """

    def rows() -> Iterator[NDArray[Any]]:
        for start in range(0, colour.shape[0], _CHUNK_ROWS):
            yield colour[start : start + _CHUNK_ROWS]

    return range_of_batches(rows, colour.dtype, colour.shape[2], choice, highest=highest, name=name)


def range_of_batches(
    batches: Callable[[], Iterable[NDArray[Any]]],
    dtype: np.dtype[Any],
    channels: int,
    choice: RangeChoice = "auto",
    *,
    highest: int | None = None,
    name: str = "the image",
) -> SampleRange:
    """Return the range of samples that need not fit into memory.

    `dtype` is 0 to the largest value of integers, and 0 to 1 for floats. `auto` is that too,
    but for floats that leave it: they get, for each channel, the 0.1 and the 99.9 percentile, so
    that a few outliers do not squeeze the rest.

    Args:
        batches: gives the samples as (h, w, C); called as often as needed, for integers mostly
            never.
        dtype: their type.
        channels: C.
        choice: as `--range`.
        highest: the largest value of integers by the file's bit depth, where it is below the
            type's.
        name: the file, for the error message.

    Raises:
        UnreadableImage: there is a NaN or an infinity among the samples.
    """
    integers = dtype.kind == "u"
    top = int(np.iinfo(dtype).max) if integers else 1
    if not integers:
        low, high = _extremes(batches(), channels, name)
        if choice == "auto" and (min(low) < 0 or max(high) > 1):
            choice = _ROBUST
    if isinstance(choice, Percentiles):
        spans = [_percentile_bounds(batches, index, choice) for index in range(channels)]
        lows, highs = tuple(s[0] for s in spans), tuple(s[1] for s in spans)
    elif isinstance(choice, Bounds):
        lows, highs = (choice.low,) * channels, (choice.high,) * channels
    else:
        lows, highs = (0.0,) * channels, (float(highest or top),) * channels
    return SampleRange(lows, highs, dtype, (highest or top) if integers else 0)


def to_unit(samples: NDArray[Any], span: SampleRange) -> NDArray[np.float32]:
    """Return samples (h, w, C) as float32[C, h, w] with C fastest, `span` becoming [0, 1]."""
    if span.is_unit:
        unit = samples.astype(np.float32, order="C")
    elif span.dtype.kind == "u" and span.spans_from_zero:
        unit = np.divide(samples, np.float32(span.high[0]), dtype=np.float32)
    else:
        low, high = np.asarray(span.low), np.asarray(span.high)
        unit = ((samples - low) / (high - low)).astype(np.float32)
    return np.moveaxis(unit, 2, 0)


def from_unit(
    unit: NDArray[np.float32],
    span: SampleRange,
    samples: NDArray[Any] | None,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return float32[C, h, w] as samples (h, w, C) of the type and range of `span`.

    Integers are rounded half to even and kept within their type. Of floats, the model's change
    is added to the samples, so that what it leaves alone returns bit by bit, also float64.

    Args:
        unit: nominally in [0, 1].
        span: what 0 and 1 become.
        samples: (h, w, C), what `unit` was computed from; integers need none.
        out: (h, w, C), where to put the result; a new array by default.
    """
    view = np.moveaxis(unit, 0, 2)
    if span.dtype.kind == "u":
        integers = np.empty(view.shape, span.dtype) if out is None else out
        for start in range(0, view.shape[0], _CACHED_ROWS):
            rows = slice(start, start + _CACHED_ROWS)
            np.rint(_scaled(view[rows], span), out=integers[rows], casting="unsafe")
        return integers
    assert samples is not None  # noqa: S101 - see above
    low, high = np.asarray(span.low), np.asarray(span.high)
    noisy = np.moveaxis(to_unit(samples, span), 0, 2)
    wide = np.promote_types(span.dtype, np.float32)
    change = (view - noisy).astype(wide) * (high - low).astype(wide)
    limits = np.finfo(span.dtype)
    clean: NDArray[Any] = np.clip(samples + change, limits.min, limits.max).astype(span.dtype)
    if out is None:
        return clean
    out[...] = clean
    return out


def _scaled(unit: NDArray[np.float32], span: SampleRange) -> NDArray[Any]:
    """Return (h, w, C) of [0, 1] in the range of `span`, within its type."""
    if span.spans_from_zero:
        scaled = np.multiply(unit, np.float32(span.high[0]), order="C")
    else:
        low, high = np.asarray(span.low), np.asarray(span.high)
        scaled = unit * (high - low) + low
    return np.clip(scaled, 0, span.top, out=scaled)


def _extremes(
    batches: Iterable[NDArray[Any]], channels: int, name: str
) -> tuple[list[float], list[float]]:
    lows, highs = [np.inf] * channels, [-np.inf] * channels
    for batch in batches:
        low, high = batch.min(axis=(0, 1)), batch.max(axis=(0, 1))
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise UnreadableImage(
                f"{name}: NaN or infinity among the samples",
                hint="replace such samples by numbers first",
            )
        lows = [min(a, float(b)) for a, b in zip(lows, low, strict=True)]
        highs = [max(a, float(b)) for a, b in zip(highs, high, strict=True)]
    return lows, highs


def _percentile_bounds(
    batches: Callable[[], Iterable[NDArray[Any]]], channel: int, choice: Percentiles
) -> tuple[float, float]:
    def one_channel() -> Iterator[NDArray[Any]]:
        for batch in batches():
            yield batch[:, :, channel]

    low, high, least, most = percentiles(one_channel, (choice.low, choice.high, 0, 100))
    if low == high:  # a few bright points on a constant ground
        low, high = least, most
    return (low, high) if low < high else (low, low + 1)
