"""A few crops of an image that stand for all of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imgclean import Window

_SHARE = 1 / 8  # of a large image's pixels
_FEWEST, _MOST = 4, 16
_MOST_OF_GRID = 4096


@dataclass(frozen=True, slots=True)
class Axis:
    """Where crops begin along an axis, and how long they are, in pixels."""

    starts: tuple[int, ...]
    length: int

    @classmethod
    def spread(cls, side: int, length: int, count: int) -> Axis:
        """Return so many crops along an axis, in the middle of equal parts; no more than fit."""
        crop = min(side, length)
        count = min(max(1, count), math.ceil(length / crop))
        room = length - crop
        return cls(tuple(round(room * (index + 0.5) / count) for index in range(count)), crop)

    @classmethod
    def lined(cls, side: int, length: int, spacing: int) -> Axis:
        """Return crops from one end to the other, no farther apart than `spacing` if they can."""
        crop = min(side, length)
        room = length - crop
        count = 1 + math.ceil(room / spacing)
        return cls(tuple(round(room * each / max(1, count - 1)) for each in range(count)), crop)

    @property
    def centres(self) -> tuple[float, float]:
        """The middle of the first crop and of the last."""
        half = (self.length - 1) / 2
        return self.starts[0] + half, self.starts[-1] + half


def axes_of_sample(height: int, width: int, side: int) -> tuple[Axis, Axis]:
    """Return the rows and columns of crops that are spread evenly over an image.

    They are as many as make up an eighth of it, but 4 to 16.
    """
    count = _SHARE * height * width / (min(side, height) * min(side, width))
    count = min(_MOST, max(_FEWEST, count))
    rows = Axis.spread(side, height, min(_MOST, round(math.sqrt(count * height / width))))
    return rows, Axis.spread(side, width, round(count / len(rows.starts)))


def axes_of_grid(height: int, width: int, side: int) -> tuple[Axis, Axis]:
    """Return the rows and columns of crops in every second place, a quarter of the image.

    Of an image so large that these were more than 4096 they lie farther apart.
    """
    spacing = max(2 * side, math.isqrt(height * width // _MOST_OF_GRID))
    return Axis.lined(side, height, spacing), Axis.lined(side, width, spacing)


def windows_of(rows: Axis, columns: Axis) -> list[Window]:
    """Return the crops of a grid, row by row."""
    return [Window(x, y, columns.length, rows.length) for y in rows.starts for x in columns.starts]
