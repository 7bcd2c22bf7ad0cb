"""The way of one image's samples through a function and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.images.alpha import BesideAlpha, ColourOf
from imgclean.images.rasters import PixelRaster, PixelSink
from imgclean.inference.enlargement import EnlargedRaster, EnlargedSamples

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.model_info import Precision
    from imgclean.images.picture import Picture
    from imgclean.images.pixels import SampleRange
    from imgclean.images.rasters import Samples, SampleSink
    from imgclean.inference.treatment import RasterFunction


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of it.

    Attributes:
        precision: of the result, where it was computed in one.
        nearly_empty: whether the range that was chosen is much wider than the samples'.
    """

    precision: Precision | None
    nearly_empty: bool


def pass_through(
    function: RasterFunction,
    samples: Samples,
    target: SampleSink,
    *,
    like: Picture,
    span: SampleRange,
    on_pixels: Callable[[int], None],
    scale: int = 1,
) -> Passed:
    """Put an image through a function window by window. Alpha, and what it hides, stay as they are.

    Args:
        function: for images of this kind.
        samples: (H, W, C), alpha last.
        target: takes the new ones.
        like: a picture of the same kind, which says whether there is alpha.
        span: which samples become 0 and 1.
        on_pixels: told how many pixels were finished; may raise to stop.
        scale: pixels of the new image, along each side, for one of the old; enlarged is what goes
            through the function, and alpha too.

    Raises:
        ImageError: the function fails, or the samples cannot be read.
    """

    def large(small: Samples) -> Samples:
        return small if scale == 1 else EnlargedSamples(small, scale, like.highest)

    colour = samples
    if like.alpha:
        hidden = like.alpha_kind != "unknown"
        colour = ColourOf(samples, hidden=hidden)
        target = BesideAlpha(target, large(samples), hidden=hidden)
    raster = PixelRaster(colour, span)
    precision = function(
        raster if scale == 1 else EnlargedRaster(raster, scale),
        PixelSink(target, large(colour), span),
        dtype=like.dtype,
        on_pixels=on_pixels,
    )
    return Passed(precision, raster.is_nearly_empty)
