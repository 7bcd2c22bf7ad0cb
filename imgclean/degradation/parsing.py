"""From spec strings such as `gaussian:0-55|jpeg:5-99` to degradations.

Imports neither torch nor numpy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.degradation.base import Levelled, Levels
from imgclean.degradation.spec import (
    Bicubic,
    Camera,
    Chain,
    Choice,
    Gaussian,
    Jpeg,
    Jpeg2000,
    Pairs,
    Poisson,
    PoissonGaussian,
)
from imgclean.errors import InvalidSetting

if TYPE_CHECKING:
    from imgclean.degradation.base import Degradation

_NUMBER = r"\d+(?:\.\d+)?"
_LEVELS = re.compile(rf"(?P<low>{_NUMBER})(?:-(?P<high>{_NUMBER}))?")
_BICUBIC = re.compile(r"bicubic:(?P<scale>[234])")
_HINT = (
    "use gaussian:25 (sigma in grey levels of 255), poisson:4 (photons in a white pixel), "
    "poisson-gaussian:10,25 (both), jpeg:10 (quality), jpeg2000:0.3 (bits per pixel), bicubic:3 "
    "(2, 3 or 4), camera, camera:1600 (ISO) or pairs; for a range gaussian:0-55; a+b "
    "for one after the other, a|b for one of them"
)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What a level may be: a least and a greatest value, and whether it is a whole number."""

    least: float
    greatest: float
    whole: bool = False

    def parse(self, text: str) -> Levels | None:
        """Return the level or the range, or None if it is neither."""
        match = _LEVELS.fullmatch(text)
        if not match:
            return None
        low = float(match["low"])
        high = float(match["high"] or low)
        if self.whole and not (low.is_integer() and high.is_integer()):
            return None
        return Levels(low, high) if self.least <= low <= high <= self.greatest else None

    def __str__(self) -> str:
        kind = "whole numbers" if self.whole else "a level or a rising range"
        return f"{kind} from {self.least:g} to {self.greatest:g}"


_SIGMA = _Numbers(0.0, 255.0)
_PEAK = _Numbers(0.01, 1e6)
_KINDS: dict[type[Levelled], tuple[_Numbers, ...]] = {
    Gaussian: (_SIGMA,),
    Poisson: (_PEAK,),
    PoissonGaussian: (_PEAK, _SIGMA),
    Jpeg: (_Numbers(1, 100, whole=True),),
    Jpeg2000: (_Numbers(0.01, 24.0),),
    Camera: (_Numbers(1, 409600),),
}
_BY_NAME = {kind.name: kind for kind in _KINDS}


def parse_degradation(text: str) -> Degradation:
    """Return what `text` names.

    Raises:
        InvalidSetting: it is no degradation; the hint lists the forms, or says what to change.
    """
    parts = tuple(_parse_chain(each) for each in text.strip().split("|"))
    found = tuple(each for each in parts if each is not None)
    if len(found) < len(parts):
        raise InvalidSetting(f"{text!r} is not a degradation{_limits(text)}", hint=_HINT)
    return found[0] if len(found) == 1 else Choice(found)


def _parse_chain(text: str) -> Degradation | None:
    if text.strip() == "pairs":
        return Pairs()
    parts = tuple(_parse_kind(each.strip()) for each in text.split("+"))
    found = tuple(each for each in parts if each is not None)
    if len(found) < len(parts):
        return None
    if any(isinstance(each, Camera) for each in found[1:]):
        raise InvalidSetting(
            f"{text.strip()!r} is not a degradation: camera photographs a clean scene, so that it "
            "comes first",
            hint="put it first, as camera+jpeg:80, or draw one of both, as gaussian:25|camera",
        )
    return found[0] if len(found) == 1 else Chain(found)


def _parse_kind(text: str) -> Degradation | None:
    if match := _BICUBIC.fullmatch(text):
        return Bicubic(int(match["scale"]))
    if text == Camera.name:
        return Camera()
    name, _, values = text.partition(":")
    kind = _BY_NAME.get(name)
    if kind is None:
        return None
    numbers = _KINDS[kind]
    texts = values.split(",")
    if len(texts) != len(numbers):
        return None
    parsed = [each.parse(value) for each, value in zip(numbers, texts, strict=True)]
    levels = [each for each in parsed if each is not None]
    return kind(*levels) if len(levels) == len(numbers) else None


def _limits(text: str) -> str:
    """Return what the levels of the wrong parts may be, as the end of a message."""
    wrong = [each for each in re.split(r"[|+]", text) if _parse_kind(each.strip()) is None]
    names = dict.fromkeys(each.strip().partition(":")[0] for each in wrong)
    return "".join(
        f"; {name} takes " + " and ".join(str(each) for each in _KINDS[_BY_NAME[name]])
        for name in names
        if name in _BY_NAME
    )
