"""One image as it is measured: what goes in, what should come out, and which pixels count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.degradation.image import degrade_image
from imgclean.degradation.spec import Bicubic, Chain, Choice
from imgclean.evaluation.colours import in_colour
from imgclean.evaluation.metrics import psnr, ssim
from imgclean.images.luminance import luma_from_rgb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.colours import Colour

SSIM_WINDOW = 11
"""Side in pixels of the window that SSIM looks through."""

_EIGHT_BITS = np.dtype(np.uint8)


class Scores(NamedTuple):
    """PSNR in dB and SSIM, of the output and of the degraded input."""

    psnr: float
    ssim: float
    input_psnr: float
    input_ssim: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One image of a set under a degradation.

    Attributes:
        clean: float64[H, W, C] in grey levels, 0 to 255.
        noisy: float64[H, W, C], nominally in [0, 1].
        rounded: whether the output is rounded to 8 bits, as the clean image is.
        clamped: whether the output is clamped to the range of the clean image.
        border: pixels at each side that do not count.
        dtype: sample type of the image's file, by which its precision is chosen.
        bits_per_pixel: of the degraded image, where compression made it.
    """

    clean: NDArray[np.float64]
    noisy: NDArray[np.float64]
    rounded: bool = True
    clamped: bool = True
    border: int = 0
    dtype: np.dtype[np.generic] = _EIGHT_BITS
    bits_per_pixel: float | None = None

    @property
    def planes(self) -> NDArray[np.float32]:
        """What is cleaned: float32[C, H, W]."""
        return np.ascontiguousarray(self.noisy.transpose(2, 0, 1), dtype=np.float32)

    @property
    def truth(self) -> NDArray[np.float32]:
        """What should come out: float32[C, H, W], in [0, 1]."""
        unit = self.clean.transpose(2, 0, 1) / GREY_LEVELS
        return np.ascontiguousarray(unit, dtype=np.float32)

    def score(self, output: NDArray[np.float32]) -> Scores:
        """Return how good the output float32[C, H, W] and the input are."""
        truth, cleaned, noisy = self.compared(output)
        return Scores(
            psnr(truth, cleaned), ssim(truth, cleaned), psnr(truth, noisy), ssim(truth, noisy)
        )

    def compared(self, output: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
        """Return what is compared: the clean image, the output float32[C, H, W] and the input.

        Each is float64[h, w, C] in grey levels without the border; the output is clamped to 0 to
        255 and rounded where it is to be.
        """
        unit = output.transpose(1, 2, 0)
        levels = (unit.clip(0, 1) if self.clamped else unit).astype(np.float64) * GREY_LEVELS
        if self.rounded:
            levels = np.rint(levels)
        return tuple(map(self.inside, (self.clean, levels, self.noisy * GREY_LEVELS)))

    def inside(self, image: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels of an image [H, W] or [H, W, C] that count."""
        edge = self.border
        return image[edge : image.shape[0] - edge, edge : image.shape[1] - edge]


def trial_of(
    image: NDArray[np.uint8],
    degradation: Degradation,
    colour: Colour,
    seed: int,
    *,
    unrounded: bool = False,
) -> Trial:
    """Return an image under a degradation, as the papers measure it.

    Noise: the output is rounded to 8 bits. JPEG and JPEG 2000: the 8-bit image, or its 8-bit
    luma, is compressed. Enlargement: the image itself is shrunk and enlarged, luma is that of
    either; nothing is rounded, and a border as wide as the scale does not count.

    Args:
        image: uint8[H, W, 1 or 3].
        degradation: of one level.
        colour: in which it is measured.
        seed: of the noise.
        unrounded: whether the output is compared as it is, neither clamped nor rounded.

    Raises:
        InvalidSetting: the degradation cannot be applied to an image.
    """
    scale = scale_of(degradation)
    if scale == 1:
        shown = degrade_image(in_colour(image, colour), degradation, seed=seed)
        return Trial(
            _levels(shown.clean),
            shown.noisy,
            rounded=not unrounded,
            clamped=not unrounded,
            bits_per_pixel=shown.bits_per_pixel,
        )
    source = image if colour == "y" else in_colour(image, colour)
    shown = degrade_image(source, degradation, seed=seed)
    clean, noisy = _levels(shown.clean), shown.noisy
    if colour == "y" and source.shape[2] == 3:
        clean = luma_from_rgb(clean / GREY_LEVELS) * GREY_LEVELS
        noisy = luma_from_rgb(noisy)
    return Trial(
        clean,
        noisy,
        rounded=False,
        clamped=not unrounded,
        border=scale,
        bits_per_pixel=shown.bits_per_pixel,
    )


def trial_of_pair(
    clean: NDArray[Any], noisy: NDArray[Any], colour: Colour, *, unrounded: bool = False
) -> Trial:
    """Return a real pair: 8-bit ones are measured in 8 bits, deeper ones unrounded.

    Args:
        clean, noisy: uint8 or uint16[H, W, 1 or 3], both of one type.
        colour: in which they are measured.
        unrounded: as for `trial_of`.
    """
    return Trial(
        _levels(in_colour(clean, colour)),
        _levels(in_colour(noisy, colour)) / GREY_LEVELS,
        rounded=clean.dtype == np.uint8 and not unrounded,
        clamped=not unrounded,
        dtype=clean.dtype,
    )


def scale_of(degradation: Degradation) -> int:
    """Return by how much a degradation shrinks and enlarges; 1 if it does not.

    Of several enlargements, and of the alternatives of a choice, the least common multiple.
    """
    if isinstance(degradation, Chain | Choice):
        return math.lcm(*map(scale_of, degradation.parts))
    return degradation.scale if isinstance(degradation, Bicubic) else 1


def smallest_side(degradations: Iterable[Degradation], window: int = SSIM_WINDOW) -> int:
    """Return the shortest side in pixels that can be measured under each of them.

    What is left of it, cropped to a multiple of the scale and without the border, holds the window,
    by default SSIM's.
    """
    scales = [scale_of(each) for each in degradations]
    return max((window + 3 * scale - 1 for scale in scales if scale > 1), default=window)


def _levels(image: NDArray[Any]) -> NDArray[np.float64]:
    """Return unsigned integers as grey levels, 255 being white."""
    if image.dtype == np.uint8:
        return image.astype(np.float64)
    levels: NDArray[np.float64] = image / (np.iinfo(image.dtype).max / GREY_LEVELS)
    return levels
