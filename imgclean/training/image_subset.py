"""Some of the images or pairs that were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.images.collection import CleanImages
from imgclean.images.pairs import ImagePairs

if TYPE_CHECKING:
    from collections.abc import Sequence


def subset(images: CleanImages | ImagePairs, chosen: Sequence[int]) -> CleanImages | ImagePairs:
    """Return the images or pairs of these indices, in their order; no sample is copied."""
    names = tuple(images.names[index] for index in chosen)
    if isinstance(images, CleanImages):
        return CleanImages(images.title, names, tuple(images.images[index] for index in chosen))
    clean, noisy = (tuple(part[index] for index in chosen) for part in (images.clean, images.noisy))
    return ImagePairs(images.title, names, clean, noisy)


def without(images: CleanImages | ImagePairs, left_out: Sequence[int]) -> CleanImages | ImagePairs:
    """Return all images or pairs but those of these indices."""
    kept = set(range(len(images.names))).difference(left_out)
    return subset(images, sorted(kept))
