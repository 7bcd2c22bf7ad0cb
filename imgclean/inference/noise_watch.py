"""Says where images' noise is not what the weights were trained for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.degradation.spec import Camera
from imgclean.events import Note, Warned
from imgclean.images.noise.estimate import noise_of_raster
from imgclean.weightsets.fit import judge_fit

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from imgclean.events import Emit
    from imgclean.extension.requests import Raster
    from imgclean.images.noise.estimate import NoiseEstimate
    from imgclean.inference.denoiser import Denoiser
    from imgclean.weightsets.fit import Fit

MISMATCH = "NoiseMismatch"
"""Error class of the warning."""

_NEARLY_CLEAN = "nearly clean"
_LOOKED_AT = 32
"""Images of a run that are looked at: it takes a tenth of a second for each."""


class NoiseWatch:
    """Looks at the first images of a run before they are cleaned, and says each of two things once.

    A `Warned` says whose noise is outside of what the weights know, a `Note` who is nearly clean
    and cleaned by weights that know such images. Nothing is looked at where the user has said how
    strong the noise is, wants none of the change, or has another task than noise.

    Args:
        emit: gets them.
        named: whether the user has named the weights.
    """

    def __init__(self, emit: Emit, *, named: bool = False) -> None:
        self._emit = emit
        self._named = named
        self._left = {MISMATCH, _NEARLY_CLEAN}
        self._looked_at = 0

    def look(self, path: Path, raster: Raster, denoiser: Denoiser) -> None:
        """Judge an image that is about to be cleaned.

        Args:
            path: of its file.
            raster: the image in [0, 1], as the denoiser gets it.
            denoiser: that cleans it.
        """
        settings = denoiser.settings
        is_open = settings.task == "denoise" and settings.sigma is None and settings.strength != 0
        done = not self._left or self._looked_at == _LOOKED_AT
        if done or not is_open or not denoiser.info.needs_weights:
            return
        self._looked_at += 1
        noise = noise_of_raster(raster)
        if noise is None:
            return
        fit = judge_fit(noise, denoiser.weights.config.domain)
        if not fit.fits:
            self._warn(path, noise, fit, denoiser)
        elif noise.nearly_clean:
            self._say_nearly_clean(path, noise)

    def _warn(self, path: Path, noise: NoiseEstimate, fit: Fit, denoiser: Denoiser) -> None:
        if MISMATCH not in self._left:
            return
        self._left.remove(MISMATCH)
        config = denoiser.weights.config
        hint = "`imgclean inspect` says more"
        if self._named:
            hint = f"without --weights others may be taken; {hint}"
        elif noise.white and config.domain.covers(Camera()):
            hint = f"--sigma {noise.level:.0f} takes weights for white noise"
        text = f"{path}: {fit.reason}: {config.name} was not trained for it ({hint})"
        self._emit(Warned(input=str(path), error=MISMATCH, message=text))

    def _say_nearly_clean(self, path: Path, noise: NoiseEstimate) -> None:
        if _NEARLY_CLEAN not in self._left:
            return
        self._left.remove(_NEARLY_CLEAN)
        text = (
            f"{path} is nearly clean, its noise of {noise.level:.1f} grey levels is hardly seen: "
            "it comes out nearly as it is"
        )
        self._emit(Note(message=text, topic=_NEARLY_CLEAN))


def said_once(event: Note | Warned) -> Hashable:
    """Return what two events have in common of which a run wants one."""
    if isinstance(event, Warned) and event.error == MISMATCH:
        return MISMATCH
    return event.topic if isinstance(event, Note) and event.topic else event
