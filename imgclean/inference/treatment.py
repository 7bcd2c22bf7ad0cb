"""What a run does with each image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from imgclean.inference.introductions import Introductions
from imgclean.inference.selection import ImageKind

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from imgclean.events import Emit
    from imgclean.extension.model_info import Precision
    from imgclean.extension.requests import Raster
    from imgclean.images.picture import Picture
    from imgclean.images.rasters import Sink
    from imgclean.inference.denoiser import Denoiser
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
    """

    function: RasterFunction
    denoiser: Denoiser | None


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
        self._introductions = Introductions(emit, where or str(selection.device))

    @property
    def denoisers(self) -> tuple[Denoiser, ...]:
        """All of the selection."""
        return self._selection.denoisers

    @property
    def scale(self) -> int:
        """As `--scale`."""
        return self._selection.settings.scale

    def choose(self, job: Job, like: Picture, page: int) -> Tool:  # noqa: ARG002 - all alike
        """Return the denoiser for images of this kind."""
        denoiser = self._selection.denoiser(ImageKind.of(like.space, like.dtype))
        self._introductions.introduce(denoiser, like)
        return Tool(partial(denoiser.denoise, colours=like.space == "rgb"), denoiser)
