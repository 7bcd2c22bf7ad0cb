"""Whether an image's noise is what a weight set was trained for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.degradation.spec import (
    Bicubic,
    Camera,
    Chain,
    Gaussian,
    Jpeg,
    Jpeg2000,
    Pairs,
    Poisson,
    PoissonGaussian,
)

if TYPE_CHECKING:
    from imgclean.degradation.base import Degradation
    from imgclean.images.noise.estimate import NoiseEstimate

MOST_CHANGE = 0.6
"""Share of the variance that may change with intensity in noise that counts as even."""

PLAIN = 3.0
"""Grey levels of 255 from which noise is told from texture with certainty."""

_WHITE = (Gaussian, Poisson, PoissonGaussian)
_PHOTOGRAPHED = (Camera, Pairs)
_SPREADING = (Jpeg, Jpeg2000, Bicubic)


@dataclass(frozen=True, slots=True)
class Fit:
    """A judgement.

    Attributes:
        fits: whether noise and domain go together.
        reason: why, in a clause with the number that says so.
    """

    fits: bool
    reason: str


def judge_fit(noise: NoiseEstimate, domain: Degradation) -> Fit:
    """Say whether noise lies in a domain.

    Gaussian domains hold white noise of their levels that is about the same at every intensity,
    those of shot noise white noise that grows with it, a camera's and those of real pairs noise
    that is correlated or depends on intensity. Noise that is compressed or resized after it was
    added is correlated too. A blind set does no harm to an image whose noise may be texture.

    Args:
        noise: as estimated from the image.
        domain: of the weight set.
    """
    kinds = tuple(_kinds(domain))
    photographed = any(isinstance(each, _PHOTOGRAPHED) for each in kinds)
    white = any(isinstance(each, _WHITE) for each in kinds)
    if noise.nearly_clean:
        return Fit(
            (photographed or white) and domain.blind,
            f"nearly clean: its noise of {noise.level:.1f} grey levels is hardly seen",
        )
    if not (photographed or white):
        return Fit(False, f"{domain} holds no noise, and there is some of {_level(noise)}")
    if noise.level < PLAIN and domain.blind:
        return Fit(True, f"noise of {_level(noise)}, which may be texture, as in {domain}")
    if not noise.white:
        fits = photographed or any(_is_spread(each) for each in domain.alternatives)
        found = f"correlated noise, {noise.correlation:.2f} between neighbouring pixels"
        return Fit(fits, f"{found}{_against(fits, domain, 'which is white')}")
    if noise.signal_share > MOST_CHANGE:
        fits = photographed or any(_grows_as(noise, each) for each in kinds)
        shares = f"{100 * noise.signal_share:.0f} % of its variance changes with intensity"
        even = not any(isinstance(each, (Poisson, PoissonGaussian)) for each in kinds)
        how = "which does not" if even else ""
        return Fit(fits, f"white noise, {shares}{_against(fits, domain, how)}")
    fits = any(each.covers(Gaussian.at(noise.level)) for each in kinds)
    return Fit(fits, f"white noise of {_level(noise)}{_against(fits, domain)}")


def _kinds(domain: Degradation) -> list[Degradation]:
    """Return what may have happened, of a chain each part."""
    return [
        part
        for each in domain.alternatives
        for part in (each.parts if isinstance(each, Chain) else (each,))
    ]


def _is_spread(each: Degradation) -> bool:
    """Whether noise is added and then compressed or resized, so that neighbouring pixels share it.

    Args:
        each: no choice.
    """
    parts = each.parts if isinstance(each, Chain) else ()
    noisy = [isinstance(part, _WHITE) for part in parts]
    spreading = [isinstance(part, _SPREADING) for part in parts]
    return any(added and any(spreading[place:]) for place, added in enumerate(noisy))


def _grows_as(noise: NoiseEstimate, kind: Degradation) -> bool:
    """Whether shot noise of a kind grows with intensity as fast, and has as much beside it."""
    count = len(noise.known)
    slope = sum(each.slope for each in noise.known) / count
    intercept = sum(each.intercept for each in noise.known) / count
    if slope <= 0:
        return False
    peak, rest = 1 / slope, 255 * max(intercept, 0.0) ** 0.5
    if isinstance(kind, Poisson):
        return kind.covers(Poisson.at(peak))
    return isinstance(kind, PoissonGaussian) and kind.covers(PoissonGaussian.at(peak, rest))


def _level(noise: NoiseEstimate) -> str:
    return f"{noise.level:.1f} grey levels"


def _against(fits: bool, domain: Degradation, how: str = "") -> str:
    """Return the end of a reason."""
    if fits:
        return f", as in {domain}"
    return f", not {domain}" + (f", {how}" if how else "")
