"""How the learning rate moves: its share of the peak, along a stage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, model_validator

Unit = Literal["share", "epochs", "steps"]
_Share = Annotated[float, Field(ge=0, le=1)]
_Factor = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is.

    Attributes:
        step: steps taken.
        share: part of the budget that is spent, 0 to 1.
        epoch: passes over the images.
    """

    step: int
    share: float
    epoch: float

    def along(self, unit: Unit) -> float:
        """Return how far it is in a unit."""
        return {"share": self.share, "epochs": self.epoch, "steps": self.step}[unit]


class _Schedule(BaseModel):
    """Every schedule begins with a linear rise.

    Attributes:
        warmup: steps until the peak; no more than a fifth of the budget is spent on it.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    warmup: Annotated[int, Field(ge=0)] = 200

    def share_of_peak(self, progress: Progress) -> float:
        """Return the rate over its peak, 0 to 1."""
        return min(self._risen(progress), 1.0) * self._fallen(progress)

    def _risen(self, progress: Progress) -> float:
        if not self.warmup:
            return 1.0
        return max((progress.step + 1) / self.warmup, progress.share / _MOST_OF_WARMUP)

    def _fallen(self, progress: Progress) -> float:
        raise NotImplementedError


_MOST_OF_WARMUP = 0.2


class Constant(_Schedule):
    """The peak throughout."""

    kind: Literal["constant"] = "constant"

    def _fallen(self, progress: Progress) -> float:  # noqa: ARG002
        return 1.0


class Cosine(_Schedule):
    """Half a cosine from the peak to `floor`, a share of it (Loshchilov and Hutter 2017)."""

    kind: Literal["cosine"] = "cosine"
    floor: _Share = 0.0

    def _fallen(self, progress: Progress) -> float:
        return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * progress.share))


class OneCycle(_Schedule):
    """Up to the peak and down to nothing, both along half a cosine (Smith and Topin 2019).

    Attributes:
        rise: share of the budget until the peak.
        start: share of the peak at the beginning.
    """

    kind: Literal["one-cycle"] = "one-cycle"
    warmup: Annotated[int, Field(ge=0)] = 0
    rise: Annotated[float, Field(gt=0, lt=1)] = 0.3
    start: _Share = 0.04

    def _fallen(self, progress: Progress) -> float:
        if progress.share < self.rise:
            risen = 0.5 * (1 - math.cos(math.pi * progress.share / self.rise))
            return self.start + (1 - self.start) * risen
        done = (progress.share - self.rise) / (1 - self.rise)
        return 0.5 * (1 + math.cos(math.pi * done))


class Exponential(_Schedule):
    """Evenly on a logarithmic scale from the peak to `end`, a share of it."""

    kind: Literal["exponential"] = "exponential"
    end: Annotated[float, Field(gt=0, le=1)] = 1e-3

    def _fallen(self, progress: Progress) -> float:
        return float(self.end**progress.share)


class Step(_Schedule):
    """Down at fixed points.

    Attributes:
        at: the points, rising, in `unit`.
        factors: the share of the peak after each of them; or one factor, by which the rate falls
            at each.
        unit: of `at`.
    """

    kind: Literal["step"] = "step"
    at: Annotated[list[float], Field(min_length=1)] = [0.5, 0.75]
    factors: list[_Share] | _Factor = 0.1
    unit: Unit = "share"

    @model_validator(mode="after")
    def _points_rise_and_have_factors(self) -> Self:
        if sorted(set(self.at)) != self.at:
            raise ValueError("at must rise")
        if isinstance(self.factors, list) and len(self.factors) != len(self.at):
            raise ValueError("factors must have one value for each of at")
        return self

    def _fallen(self, progress: Progress) -> float:
        passed = sum(progress.along(self.unit) >= point for point in self.at)
        if isinstance(self.factors, list):
            return self.factors[passed - 1] if passed else 1.0
        return float(self.factors**passed)


class Plateau(_Schedule):
    """Down by `factor` when the validation PSNR has stopped getting better.

    Attributes:
        factor: by which the rate falls.
        patience: measurements in a row without a gain; `validation.every` says when they are.
        gain: what counts as one, in dB.
        smallest: share of the peak below which the stage ends.
    """

    kind: Literal["plateau"] = "plateau"
    factor: _Factor = 0.2
    patience: PositiveInt = 3
    gain: Annotated[float, Field(ge=0)] = 0.01
    smallest: _Share = 1e-3

    def _fallen(self, progress: Progress) -> float:  # noqa: ARG002 - see `plateau.py`
        return 1.0


def _cosine_unless_named(value: Any) -> Any:
    """Let a table without a kind be the default's."""
    return {"kind": "cosine"} | value if isinstance(value, dict) else value


Schedule = Annotated[
    Annotated[
        Constant | Cosine | OneCycle | Exponential | Step | Plateau, Field(discriminator="kind")
    ],
    BeforeValidator(_cosine_unless_named),
]
