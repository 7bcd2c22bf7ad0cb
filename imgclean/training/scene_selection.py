"""Which scenes are good enough to learn from: bright ones, whose clean images are clean.

Zeng, Pang, Sun, Cheung, "Deep graph Laplacian regularization for robust denoising of real images",
CVPR workshops 2019, Section 4.2. The PSNR of a clean image, which the authors of their data set
state, is estimated from the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgclean.errors import DataUnusable
from imgclean.events import Note
from imgclean.images.collection import CleanImages
from imgclean.images.noise_level import estimate_psnr
from imgclean.training.image_subset import subset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.events import Emit
    from imgclean.images.pairs import ImagePairs
    from imgclean.training.recipe_tables import Data


class _Quality(NamedTuple):
    """Of a clean image: mean of its samples, white being 1, and its estimated PSNR in dB."""

    mean: float
    psnr: float


def select_scenes(
    images: CleanImages | ImagePairs, data: Data, emit: Emit
) -> CleanImages | ImagePairs:
    """Return the images or pairs that meet the bounds of a recipe's data; say how many do not.

    Raises:
        DataUnusable: none does.
    """
    if data.least_mean is None and data.least_psnr is None:
        return images
    clean = images.images if isinstance(images, CleanImages) else images.clean
    qualities = [_Quality(_mean(each), estimate_psnr(each)) for each in clean]
    dark = [_below(each.mean, data.least_mean) for each in qualities]
    unclean = [_below(each.psnr, data.least_psnr) for each in qualities]
    kept = [not (low or noisy) for low, noisy in zip(dark, unclean, strict=True)]
    if not any(kept):
        raise _none_left(qualities, data)
    if not all(kept):
        reasons = []
        if any(dark):
            reasons.append(f"{sum(dark)} with a mean below {data.least_mean:g}")
        if any(unclean):
            reasons.append(f"{sum(unclean)} with an estimated PSNR below {data.least_psnr:g} dB")
        left_out = len(kept) - sum(kept)
        message = f"{left_out} of {len(kept)} images are left out: {', '.join(reasons)}"
        emit(Note(message=message))
    return subset(images, [index for index, keep in enumerate(kept) if keep])


def _mean(image: NDArray[Any]) -> float:
    return float(image.mean() / np.iinfo(image.dtype).max)


def _below(value: float, bound: float | None) -> bool:
    return bound is not None and value < bound


def _none_left(qualities: list[_Quality], data: Data) -> DataUnusable:
    texts = []
    if data.least_mean is not None:
        highest = max(each.mean for each in qualities)
        texts.append(f"means reach {highest:.3f}, and data.least_mean is {data.least_mean:g}")
    if data.least_psnr is not None:
        highest = max(each.psnr for each in qualities)
        bound = f"data.least_psnr is {data.least_psnr:g} dB"
        texts.append(f"estimated PSNRs reach {highest:.1f} dB, and {bound}")
    return DataUnusable(
        f"none of {len(qualities)} images is left: {'; '.join(texts)}",
        hint="lower the bounds, or train on other images",
    )
