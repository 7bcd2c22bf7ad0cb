"""What a run tells people about the weight sets that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.degradation.spec import Bicubic, Gaussian
from imgclean.events import Note, Warned
from imgclean.weightsets.foreign.assumption import assumed_noise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.events import Emit
    from imgclean.images.picture import ColourSpace, Picture
    from imgclean.inference.denoiser import Denoiser

_KINDS: Mapping[ColourSpace, str] = {
    "gray": "gray images",
    "rgb": "colour images",
    "cmyk": "CMYK images, channel by channel",
    "separate": "images of separate channels",
}
_TRAINED = {1: "gray", 3: "colour"}


class Introductions:
    """Says once for each weight set that it was taken, and what of it does not fit.

    Args:
        emit: gets a `Note`, and a `Warned` for each thing that does not fit.
        where: what the run computes on.
    """

    def __init__(self, emit: Emit, where: str) -> None:
        self._emit = emit
        self._where = where
        self._introduced: set[tuple[str, ColourSpace]] = set()

    def introduce(self, denoiser: Denoiser, picture: Picture) -> None:
        """Introduce the denoiser that cleans `picture`, unless that was done before."""
        config = denoiser.weights.config
        key = config.name, picture.space
        if key in self._introduced:
            return
        self._introduced.add(key)
        precision = denoiser.precision_for(picture.dtype)
        kind = _KINDS[picture.space]
        taken = ", ".join(
            (f"{config.name} ({config.noise})", *denoiser.weights.described_overrides)
        )
        self._emit(
            Note(
                message=f"{denoiser.info.name} with {taken} "
                f"for {kind}, on {self._where}, {precision}"
            )
        )
        self._say_of_task(denoiser)
        if assumption := assumed_noise(denoiser.weights):
            self._emit(Note(message=assumption))
        sigma = denoiser.settings.sigma
        if sigma is not None and not config.domain.covers(Gaussian.at(sigma)):
            self._warn(f"{config.name} was trained for {config.noise}, not for sigma {sigma:g}")
        elif sigma is not None and config.domain.blind and not denoiser.info.noise_aware:
            self._emit(
                Note(message=f"{config.name} is blind: --sigma only had a part in choosing it")
            )
        if picture.space == "rgb" and denoiser.works_on_luma:
            self._emit(Note(message=f"{config.name} gets the luma of {kind}; their chroma stays"))
        elif config.channels != (3 if picture.space == "rgb" else 1):
            self._warn(
                f"{config.name} was trained for {_TRAINED[config.channels]} images, not for {kind}"
            )

    def _say_of_task(self, denoiser: Denoiser) -> None:
        config, settings = denoiser.weights.config, denoiser.settings
        known = config.domain.covers(Bicubic(settings.scale)) or not denoiser.info.needs_weights
        if settings.task == "upscale" and not known:
            self._warn(
                f"{config.name} was trained for {config.noise}, not to {settings.described_task}"
            )

    def _warn(self, message: str) -> None:
        self._emit(Warned(error="DomainMismatch", message=message))
