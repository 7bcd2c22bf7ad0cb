"""What can happen to an image, as data. Imports neither torch nor numpy.

A degradation prints as the spec string from which `parsing.parse_degradation` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from imgclean.degradation.base import Degradation, Levelled, Levels
from imgclean.errors import InvalidSetting

if TYPE_CHECKING:
    from imgclean.extension.model_info import Task

CAMERA_ISO = Levels(25.0, 25600.0)
"""Sensitivities from which `camera` draws: nearly no noise to hardly any image."""


@dataclass(frozen=True, slots=True)
class Gaussian(Levelled):
    """White Gaussian noise, y = x + N(0, sigma).

    Attributes:
        sigma: standard deviation in grey levels of 255.
    """

    name = "gaussian"
    papers = ((15.0, 25.0, 50.0),)  # DnCNN, Tables II and III
    sigma: Levels


@dataclass(frozen=True, slots=True)
class Poisson(Levelled):
    """Shot noise, y = Poisson(peak x) / peak with x in [0, 1] (DN-ResNet, Introduction).

    Attributes:
        peak: mean count of photons in a white pixel.
    """

    name = "poisson"
    papers = ((1.0, 2.0, 4.0, 8.0),)  # Remez et al. 2017, whose split DN-ResNet follows
    peak: Levels


@dataclass(frozen=True, slots=True)
class PoissonGaussian(Levelled):
    """Shot and read noise, y = Poisson(peak x) / peak + N(0, sigma) (DN-ResNet).

    Attributes:
        peak: mean count of photons in a white pixel.
        sigma: standard deviation in grey levels of 255.
    """

    name = "poisson-gaussian"
    # Makitalo and Foi, IEEE TIP 2013, Table I: sigma is a tenth of the peak
    papers = ((1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0), (25.5,))
    peak: Levels
    sigma: Levels

    def holds(self, other: Degradation) -> bool:
        """As of any kind; and shot noise alone is a sum whose other part is 0."""
        if isinstance(other, Poisson):
            other = PoissonGaussian(other.peak, Levels(0.0, 0.0))
        return Levelled.holds(self, other)


@dataclass(frozen=True, slots=True)
class Jpeg(Levelled):
    """JPEG compression by libjpeg (DnCNN, Section IV-A).

    Attributes:
        quality: whole numbers, 1 to 100.
    """

    name = "jpeg"
    remedy = "deblock"
    tolerance = 0.0  # the quantisation at 99 is nothing like that at 90
    papers = ((10.0, 20.0, 30.0, 40.0),)  # DnCNN, Table V
    quality: Levels


@dataclass(frozen=True, slots=True)
class Jpeg2000(Levelled):
    """JPEG 2000 compression (DN-ResNet, Applications to Other Image Enhancement Tasks).

    Attributes:
        rate: bits per pixel of the file.
    """

    name = "jpeg2000"
    remedy = "deblock"
    papers = ((0.15, 0.3, 0.6),)  # DN-ResNet shows images at 0.15; then each rate doubles
    rate: Levels


@dataclass(frozen=True, slots=True)
class Camera(Levelled):
    """What a camera does to a scene: a sensor's noise, developed, finished and compressed.

    Every photograph draws its own camera: see `camera.photograph.draw_shot`.

    Attributes:
        iso: sensitivity; the noise of linear raw light x in [0, 1] has the variance
            1e-6 ISO x and that of reading it (Brooks et al., CVPR 2019).
    """

    name = "camera"
    papers = ((1600.0,),)  # real pairs count: no table has a level of its own
    iso: Levels = CAMERA_ISO

    def __str__(self) -> str:
        return self.name if self.iso == CAMERA_ISO else Levelled.__str__(self)


@dataclass(frozen=True, slots=True)
class Bicubic(Degradation):
    """Shrunk and enlarged again by MATLAB's imresize (DnCNN, Section IV-A).

    Attributes:
        scale: 2, 3 or 4.
    """

    remedy = "upscale"
    scale: int

    @property
    def blind(self) -> bool:
        """False: one scale."""
        return False

    def __str__(self) -> str:
        return f"bicubic:{self.scale}"


@dataclass(frozen=True, slots=True)
class Pairs(Degradation):
    """What the noisy images of training pairs show; it names a domain and cannot be applied."""

    @property
    def blind(self) -> bool:
        """True: nothing is known of the pairs' levels."""
        return True

    def paper_levels(self) -> tuple[Degradation, ...]:
        """Return none."""
        return ()

    def __str__(self) -> str:
        return "pairs"


@dataclass(frozen=True, slots=True)
class Chain(Degradation):
    """One after the other.

    Attributes:
        parts: at least two, in their order; none is a chain, a choice or `Pairs`.
    """

    parts: tuple[Degradation, ...]

    @property
    def blind(self) -> bool:
        """Whether any part is."""
        return any(each.blind for each in self.parts)

    @property
    def task(self) -> Task:
        """That of the last part that is not noise, else `denoise`."""
        others: list[Task] = [each.task for each in self.parts if each.task != "denoise"]
        return others[-1] if others else "denoise"

    def holds(self, other: Degradation) -> bool:
        """Whether `other` is a chain, each part of which lies inside this one's."""
        return (
            isinstance(other, Chain)
            and len(self.parts) == len(other.parts)
            and all(
                mine.holds(theirs) for mine, theirs in zip(self.parts, other.parts, strict=True)
            )
        )

    def paper_levels(self) -> tuple[Degradation, ...]:
        """Return every combination of the parts' levels."""
        return tuple(Chain(each) for each in product(*(part.paper_levels() for part in self.parts)))

    def __str__(self) -> str:
        return "+".join(str(each) for each in self.parts)


@dataclass(frozen=True, slots=True)
class Choice(Degradation):
    """One of several, each as likely as the others.

    Attributes:
        parts: at least two; none is a choice.
    """

    parts: tuple[Degradation, ...]

    @property
    def blind(self) -> bool:
        """True: it varies."""
        return True

    @property
    def task(self) -> Task:
        """That of the first part."""
        return self.parts[0].task

    @property
    def alternatives(self) -> tuple[Degradation, ...]:
        """The parts."""
        return self.parts

    def paper_levels(self) -> tuple[Degradation, ...]:
        """Return the levels of every part, each once."""
        every = (level for part in self.parts for level in part.paper_levels())
        return tuple(dict.fromkeys(every))

    def __str__(self) -> str:
        return "|".join(str(each) for each in self.parts)


def require_applicable(degradation: Degradation) -> None:
    """Raise InvalidSetting if it names a domain but says not what to do, as `pairs`."""
    if any(isinstance(each, Pairs) for each in degradation.alternatives):
        raise InvalidSetting(
            f"{degradation} cannot be applied: it names what training pairs showed",
            hint="name what is to happen, as gaussian:25; to use pairs, give their images",
        )
