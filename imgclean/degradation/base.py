"""What every degradation says of itself. Imports neither torch nor numpy."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from imgclean.extension.model_info import Task


@dataclass(frozen=True, slots=True)
class Levels:
    """A level, or the range from which each image draws its own.

    Attributes:
        low, high: the range, both ends included; equal for one level.
    """

    low: float
    high: float

    @property
    def vary(self) -> bool:
        """Whether it is a range."""
        return self.low < self.high

    def hold(self, other: Levels, tolerance: float) -> bool:
        """Whether `other` lies inside; around one level within `tolerance`, a share of it."""
        if self.vary:
            return self.low <= other.low and other.high <= self.high
        ends = other.low, other.high
        return all(math.isclose(each, self.low, rel_tol=tolerance) for each in ends)

    def measured(self, papers: tuple[float, ...]) -> tuple[float, ...]:
        """Return the one level; of a range those of `papers` inside, or its ends but zero."""
        if not self.vary:
            return (self.low,)
        inside = tuple(each for each in papers if self.low <= each <= self.high)
        return inside or tuple(each for each in (self.low, self.high) if each > 0)

    def __str__(self) -> str:
        return _digits(self.low) + (f"-{_digits(self.high)}" if self.vary else "")


class Degradation(ABC):
    """What happens to an image.

    Attributes:
        remedy: what undoes this kind.
    """

    __slots__ = ()
    remedy: ClassVar[Task] = "denoise"

    @property
    @abstractmethod
    def blind(self) -> bool:
        """Whether two images may get different levels."""

    @property
    def task(self) -> Task:
        """What undoes it; of a choice, what undoes the first alternative."""
        return self.remedy

    @property
    def tasks(self) -> frozenset[Task]:
        """What undoes it, for every alternative."""
        return frozenset(each.task for each in self.alternatives)

    @property
    def alternatives(self) -> tuple[Degradation, ...]:
        """The parts of a choice, else the degradation itself."""
        return (self,)

    def covers(self, other: Degradation) -> bool:
        """Whether weights trained on this have seen `other`, and every alternative of it.

        A range holds its ends, one level what is within 10 % of it (JPEG: that quality alone).
        """
        return all(
            any(mine.holds(theirs) for mine in self.alternatives) for theirs in other.alternatives
        )

    def holds(self, other: Degradation) -> bool:
        """Whether `other`, which is no choice, lies inside this, which is none either."""
        return self == other

    def paper_levels(self) -> tuple[Degradation, ...]:
        """Return the degradations of one level each at which a set trained on this is measured.

        They are the papers' as far as this holds them, or the ends of its ranges.
        """
        return (self,)

    @abstractmethod
    def __str__(self) -> str:
        """Return the spec string."""


class Levelled(Degradation):
    """A kind whose fields are `Levels`.

    Attributes:
        name: first word of the spec.
        tolerance: how far from one known level another counts as known, as a share of it.
        papers: levels at which the papers measure, for each field.
    """

    __slots__ = ()
    name: ClassVar[str]
    tolerance: ClassVar[float] = 0.1
    papers: ClassVar[tuple[tuple[float, ...], ...]]

    @classmethod
    def at(cls, *levels: float) -> Self:
        """Return the degradation of one level for each field."""
        return cls(*(Levels(each, each) for each in levels))

    @property
    def levels(self) -> tuple[Levels, ...]:
        """The values of the fields, in the order of the spec."""
        return tuple(getattr(self, each.name) for each in fields(self))  # type: ignore[arg-type]

    @property
    def blind(self) -> bool:
        """Whether any field is a range."""
        return any(each.vary for each in self.levels)

    def holds(self, other: Degradation) -> bool:
        """Whether every field holds that of `other`, which is of the same kind."""
        return isinstance(other, type(self)) and all(
            mine.hold(theirs, self.tolerance)
            for mine, theirs in zip(self.levels, other.levels, strict=True)
        )

    def paper_levels(self) -> tuple[Degradation, ...]:
        """Return every combination of the fields' measured levels."""
        pairs = zip(self.levels, self.papers, strict=True)
        return tuple(self.at(*each) for each in product(*(own.measured(of) for own, of in pairs)))

    def __str__(self) -> str:
        return f"{self.name}:" + ",".join(str(each) for each in self.levels)


def _digits(value: float) -> str:
    """Return the shortest decimal number that reads back as `value`, without an exponent."""
    return format(Decimal(repr(float(value))).normalize(), "f")
