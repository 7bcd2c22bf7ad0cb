"""The way of an image that is in memory through its function."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import psutil

from imgclean.errors import UnsupportedImage
from imgclean.images.pixels import sample_range
from imgclean.images.rasters import MemorySamples
from imgclean.inference.passage import pass_through
from imgclean.inference.said import metadata_of_clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.model_info import Precision
    from imgclean.images.picture import Picture
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.treatment import Tool


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What came of a picture.

    Attributes:
        picture: the new one.
        precision: in which it was computed, if in one.
        nearly_empty: whether the range that was chosen is much wider than the samples'.
    """

    picture: Picture
    precision: Precision | None
    nearly_empty: bool


def clean_picture(
    picture: Picture,
    tool: Tool,
    rules: ImageRules,
    *,
    scale: int,
    on_pixels: Callable[[int], None],
) -> PictureResult:
    """Put a picture through a function.

    Args:
        picture: what was read.
        tool: what is applied.
        rules: what is done with its samples and metadata.
        scale: pixels of the new picture, along each side, for one of the old.
        on_pixels: told how many pixels were finished; may raise to stop.

    Raises:
        ImageError: it cannot be treated, or is too large to be enlarged; the message does not
            name the file.
    """
    height, width, channels = picture.samples.shape
    shape = height * scale, width * scale, channels
    if scale > 1:
        _require_memory(shape, picture.dtype)
    clean = MemorySamples(np.empty(shape, picture.dtype))
    passed = pass_through(
        tool.function,
        MemorySamples(picture.samples),
        clean,
        like=picture,
        span=sample_range(picture.colour, rules.range, highest=picture.highest),
        on_pixels=on_pixels,
        scale=scale,
    )
    metadata = metadata_of_clean(picture.metadata, tool.rules(rules), tool.denoiser)
    samples = picture.samples if tool.leaves_it else clean.values
    result = dataclasses.replace(picture, samples=samples, metadata=metadata)
    return PictureResult(result, passed.precision, passed.nearly_empty)


def _require_memory(shape: tuple[int, int, int], dtype: np.dtype[np.generic]) -> None:
    """Refuse what would take more memory than is left: its samples, and a channel in float32."""
    height, width, channels = shape
    needed = height * width * (channels * dtype.itemsize + 4)
    available = psutil.virtual_memory().available
    if needed > available:
        raise UnsupportedImage(
            f"enlarged to {width} x {height} pixels it takes {needed / 1e9:.1f} GB, and "
            f"{available / 1e9:.1f} GB of memory are left",
            hint="enlarge a part of it, with --crop",
        )
