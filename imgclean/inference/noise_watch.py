"""Says where images' noise is not what the weights were trained for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.degradation.spec import Camera
from imgclean.errors import ImageError
from imgclean.events import Note, Warned
from imgclean.images.noise.estimate import estimate_noise
from imgclean.images.pixels import sample_range
from imgclean.weightsets.fit import judge_fit

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from imgclean.events import Emit
    from imgclean.images.noise.estimate import NoiseEstimate
    from imgclean.images.picture import Picture
    from imgclean.inference.denoiser import Denoiser

MISMATCH = "NoiseMismatch"
"""Error class of the warning."""

_NEARLY_CLEAN = "nearly clean"
_PLAIN = 3.0  # grey levels from which noise is told from a clean image's texture with certainty


class NoiseWatch:
    """Looks at images before they are cleaned, and says each of two things once.

    A `Warned` says whose noise is outside of what the weights know, a `Note` who is nearly clean.
    Nothing is looked at where the user has said how strong the noise is, or has another task than
    noise, or once both was said; nor are stacks, which may not fit into memory.

    Args:
        emit: gets them.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._left = {MISMATCH, _NEARLY_CLEAN}

    def look(self, path: Path, picture: Picture, denoiser: Denoiser) -> None:
        """Judge an image that is about to be cleaned.

        Args:
            path: of its file.
            picture: the image.
            denoiser: that cleans it.
        """
        settings = denoiser.settings
        is_open = settings.task == "denoise" and settings.sigma is None
        if not (is_open and denoiser.info.needs_weights and self._left):
            return
        noise = _noise_of(picture)
        if noise is None:
            return
        if noise.nearly_clean:
            self._say_nearly_clean(path, noise)
        elif noise.level >= _PLAIN:
            self._judge(path, noise, denoiser)

    def _say_nearly_clean(self, path: Path, noise: NoiseEstimate) -> None:
        if _NEARLY_CLEAN in self._left:
            self._left.remove(_NEARLY_CLEAN)
            text = (
                f"{path} is nearly clean, its noise of {noise.level:.1f} grey levels is hardly "
                "seen: it comes out nearly as it is"
            )
            self._emit(Note(message=text, topic=_NEARLY_CLEAN))

    def _judge(self, path: Path, noise: NoiseEstimate, denoiser: Denoiser) -> None:
        if MISMATCH not in self._left:
            return
        config = denoiser.weights.config
        fit = judge_fit(noise, config.domain)
        if fit.fits:
            return
        self._left.remove(MISMATCH)
        hint = "`imgclean inspect` says more"
        if noise.white and config.domain.covers(Camera()):
            hint = f"--sigma {noise.level:.0f} takes weights for white noise"
        text = f"{path}: {fit.reason}: {config.name} was not trained for it ({hint})"
        self._emit(Warned(input=str(path), error=MISMATCH, message=text))


def said_once(event: Note | Warned) -> Hashable:
    """Return what two events have in common of which a run wants one."""
    if isinstance(event, Warned) and event.error == MISMATCH:
        return MISMATCH
    return event.topic if isinstance(event, Note) and event.topic else event


def _noise_of(picture: Picture) -> NoiseEstimate | None:
    try:
        span = sample_range(picture.colour, highest=picture.highest)
    except ImageError:  # which is said when it is cleaned
        return None
    return estimate_noise(picture.colour, span)
