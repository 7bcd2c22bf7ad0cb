"""What a run does with each image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from imgclean.inference.introductions import Introductions
from imgclean.inference.noise_watch import NoiseWatch
from imgclean.inference.reports import without_chroma
from imgclean.inference.selection import ImageKind
from imgclean.inference.strength_choice import StrengthChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from imgclean.events import Emit
    from imgclean.extension.model_info import Precision
    from imgclean.extension.requests import Raster
    from imgclean.images.picture import Picture
    from imgclean.images.rasters import Sink
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import Job
    from imgclean.inference.selection import Selection


class RasterFunction(Protocol):
    """Makes another image of the same size, such as `Denoiser.denoise`.

    Where a run enlarges, it gets the image enlarged.
    """

    def __call__(
        self,
        raster: Raster,
        sink: Sink,
        *,
        dtype: np.dtype[np.generic],
        on_pixels: Callable[[int], None],
    ) -> Precision | None:
        """Read the image, write the other, and return the precision of the result.

        Args:
            raster: the image in [0, 1].
            sink: gets the other.
            dtype: sample type of the file.
            on_pixels: told how many pixels were finished; may raise to stop.

        Raises:
            ImageError: it cannot be done.
        """


@dataclass(frozen=True, slots=True)
class Tool:
    """What is applied to one image.

    Attributes:
        function: does it.
        denoiser: whose function it is, which metadata, journal and events name; or None.
        strength: how strongly it is applied, where that is a question.
        without_chroma: chroma alone is wanted, and the image has none.
    """

    function: RasterFunction
    denoiser: Denoiser | None
    strength: StrengthChoice | None = None
    without_chroma: bool = False

    @property
    def leaves_it(self) -> bool:
        """Whether the image stays as it is, so that there is nothing to note in it.

        Where its noise decides, that is known once the function has seen it.
        """
        enlarges = self.denoiser is not None and self.denoiser.settings.scale > 1
        is_nothing = self.strength is not None and self.strength.is_nothing and not enlarges
        return self.without_chroma or is_nothing

    @property
    def chosen_strength(self) -> float | None:
        """What `--strength auto` has come to; None before, and where nobody asked for it."""
        return self.strength.chosen if self.strength else None

    def rules(self, rules: ImageRules) -> ImageRules:
        """Return what is done with the image around it."""
        return replace(rules, provenance=False) if self.leaves_it else rules


class Treatment(Protocol):
    """What a run does with each image; images of a stack are asked for one by one."""

    @property
    def denoisers(self) -> tuple[Denoiser, ...]:
        """Whose clean images of an earlier run are left alone."""

    @property
    def scale(self) -> int:
        """Pixels of each new image, along each side, for one of the old."""

    def choose(self, job: Job, like: Picture, page: int) -> Tool:
        """Return what is applied to an image.

        Args:
            job: its file.
            like: the image, or another of the same kind.
            page: its number in the file, from 1 on.
        """


class Denoising:
    """Each image is cleaned.

    Args:
        selection: the denoisers.
        emit: told once of each that is used.
        where: what people are told that the run computes on; the selection's device by default.
    """

    def __init__(self, selection: Selection, emit: Emit, *, where: str | None = None) -> None:
        self._selection = selection
        self._emit = emit
        self._introductions = Introductions(emit, where or str(selection.device))
        self._watch = NoiseWatch(emit, named=selection.are_weights_named)
        self._strength: tuple[Job | None, StrengthChoice | None] = None, None
        self._left: Job | None = None

    @property
    def denoisers(self) -> tuple[Denoiser, ...]:
        """All of the selection."""
        return self._selection.denoisers

    @property
    def scale(self) -> int:
        """As `--scale`."""
        return self._selection.settings.scale

    def choose(self, job: Job, like: Picture, page: int) -> Tool:
        """Return the denoiser for images of this kind, and how strongly it cleans this file's."""
        denoiser = self._selection.denoiser(ImageKind.of(like.space, like.dtype))
        colours = like.space == "rgb"
        no_chroma = self._selection.settings.chroma_only and not colours
        if not no_chroma:
            self._introductions.introduce(denoiser, like)
        elif self._left != job:
            self._left = job
            self._emit(without_chroma(job))
        strength = self._strength_for(job)
        function: RasterFunction = partial(denoiser.denoise, colours=colours, strength=strength)
        if page == 1 and not no_chroma:
            function = self._watched(function, job, denoiser)
        return Tool(function, denoiser, strength, no_chroma)

    def _watched(self, function: RasterFunction, job: Job, denoiser: Denoiser) -> RasterFunction:
        """Return a function for an image that is looked at before it is cleaned."""

        def look_and_clean(
            raster: Raster,
            sink: Sink,
            *,
            dtype: np.dtype[np.generic],
            on_pixels: Callable[[int], None],
        ) -> Precision | None:
            self._watch.look(job.input, raster, denoiser)
            return function(raster, sink, dtype=dtype, on_pixels=on_pixels)

        return look_and_clean

    def _strength_for(self, job: Job) -> StrengthChoice:
        """Return what decides for a file; its images come one after the other."""
        last, strength = self._strength
        if strength is None or last != job:
            strength = StrengthChoice(self._selection.settings.strength)
            self._strength = job, strength
        return strength
