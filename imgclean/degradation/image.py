"""Degradation of one image, for evaluation and for `imgclean degrade`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgclean.degradation.bicubic import shrink_and_enlarge
from imgclean.degradation.camera.image import photograph_image
from imgclean.degradation.drawing import logarithmic, uniform, whole
from imgclean.degradation.gaussian import add_gaussian
from imgclean.degradation.jpeg import compress_jpeg
from imgclean.degradation.jpeg2000 import compress_jpeg2000
from imgclean.degradation.poisson import add_poisson
from imgclean.degradation.spec import (
    Bicubic,
    Camera,
    Chain,
    Choice,
    Gaussian,
    Jpeg,
    Jpeg2000,
    Poisson,
    PoissonGaussian,
    require_applicable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation, Levels
    from imgclean.degradation.compressed import Compressed

    Codec = Callable[[NDArray[np.uint8], float], Compressed]

_SEEDS = 2**32  # that a RandomState has


@dataclass(frozen=True, slots=True)
class Degraded:
    """An image before and after.

    Attributes:
        clean: [H, W, C] of the input's type: the input, for `bicubic` without the last rows and
            columns that make no whole pixel of the small image; for `camera` the photograph
            without noise and compression.
        noisy: float64[H, W, C], white is 1; neither clipped nor rounded unless a codec did it.
        compressed_size: bytes of it, where the last thing that happened is compression.
    """

    clean: NDArray[Any]
    noisy: NDArray[np.float64]
    compressed_size: int | None = None

    @property
    def bits_per_pixel(self) -> float | None:
        """Of the compressed image, all channels together, where there is one."""
        if self.compressed_size is None:
            return None
        height, width = self.noisy.shape[:2]
        return float(8 * self.compressed_size / (height * width))


def degrade_image(image: NDArray[Any], degradation: Degradation, *, seed: int) -> Degraded:
    """Return what `degradation` makes of the image; the same for the same seed.

    Everything is drawn from numpy's legacy `RandomState(seed)`. Gaussian noise of one level is
    its `randn(H, W)`, or `(H, W, 3)`, times sigma, which the field uses. A level in a range, or
    an alternative, is drawn before.

    Args:
        image: uint8 or uint16[H, W, C].
        degradation: what happens; codecs work on 8 bits.
        seed: of all that is drawn; the remainder by 2**32 counts.

    Raises:
        InvalidSetting: the degradation cannot be applied.
    """
    require_applicable(degradation)
    white = float(np.iinfo(image.dtype).max)
    application = _Application(np.random.RandomState(seed % _SEEDS), white)
    if isinstance(degradation, Choice):
        degradation = degradation.parts[application.random.randint(len(degradation.parts))]
    parts = degradation.parts if isinstance(degradation, Chain) else (degradation,)
    multiple = math.lcm(*(part.scale for part in parts if isinstance(part, Bicubic)))
    height, width = (side - side % multiple for side in image.shape[:2])
    clean = image[:height, :width]
    step = _Applied(clean / white)
    for part in parts:
        step = application.apply(step.image, part)
        if step.clean is not None:
            clean = np.rint(step.clean * white).astype(image.dtype)
    return Degraded(clean, step.image, step.compressed_size)


class _Applied(NamedTuple):
    """What one kind made of an image, its bytes where that is a codec, what of it is clean."""

    image: NDArray[np.float64]
    compressed_size: int | None = None
    clean: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class _Application:
    """Applies one kind after the other.

    Attributes:
        random: of all that is drawn.
        white: largest integer of the image's type.
    """

    random: np.random.RandomState
    white: float

    def apply(self, image: NDArray[np.float64], kind: Degradation) -> _Applied:
        match kind:
            case Gaussian(sigma):
                return _Applied(add_gaussian(image, self._draw(sigma, uniform), self.random))
            case Poisson(peak):
                return _Applied(add_poisson(image, self._draw(peak, logarithmic), self.random))
            case PoissonGaussian(peak, sigma):
                counted = add_poisson(image, self._draw(peak, logarithmic), self.random)
                return _Applied(add_gaussian(counted, self._draw(sigma, uniform), self.random))
            case Jpeg(quality):
                return _compress(image, compress_jpeg, self._draw(quality, whole))
            case Jpeg2000(rate):
                return _compress(image, compress_jpeg2000, self._draw(rate, logarithmic))
            case Camera(iso):
                clean, noisy = photograph_image(image, iso, self.random)
                return _Applied(noisy, clean=clean)
            case Bicubic(scale):
                return _Applied(shrink_and_enlarge(image, scale, self.white))
            case _:
                raise TypeError(f"{kind} is no kind")

    def _draw(self, levels: Levels, law: Callable[[Levels, float], float]) -> float:
        return law(levels, self.random.random_sample()) if levels.vary else levels.low


def _compress(image: NDArray[np.float64], codec: Codec, level: float) -> _Applied:
    """Return the image after its 8 bits went through a codec."""
    # libjpeg takes no other order than C's
    samples = np.rint(image * 255).clip(0, 255).astype(np.uint8, order="C")
    pixels, size = codec(samples, level)
    return _Applied(pixels / 255, size)
