"""Sets of which only the middle of each image is measured, as some papers do."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import InvalidSetting
from imgclean.images.centre import central_square

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgclean.images.collection import CleanImages
    from imgclean.images.pairs import ImagePairs


def cropped_images(images: CleanImages, side: int) -> CleanImages:
    """Return a set with the square of `side` pixels from each image's centre.

    Raises:
        InvalidSetting: an image is smaller; the message names it.
    """
    return dataclasses.replace(images, images=tuple(_squares(images.names, images.images, side)))


def cropped_pairs(pairs: ImagePairs, side: int) -> ImagePairs:
    """Return pairs with the square of `side` pixels from the centre of both images.

    Raises:
        InvalidSetting: an image is smaller; the message names the clean one.
    """
    return dataclasses.replace(
        pairs,
        clean=tuple(_squares(pairs.names, pairs.clean, side)),
        noisy=tuple(_squares(pairs.names, pairs.noisy, side)),
    )


def require_crop(side: int, smallest: int) -> None:
    """Refuse a crop of which nothing could be measured.

    Args:
        side: of the square in pixels.
        smallest: what can be measured.

    Raises:
        InvalidSetting: it is smaller.
    """
    if side < smallest:
        raise InvalidSetting(
            f"--crop {side} leaves too little to measure", hint=f"it takes {smallest} or more"
        )


def _squares(
    names: tuple[str, ...], images: tuple[NDArray[Any], ...], side: int
) -> Iterator[NDArray[Any]]:
    for name, image in zip(names, images, strict=True):
        height, width = image.shape[:2]
        if min(height, width) < side:
            raise InvalidSetting(
                f"{name} has {width} x {height} pixels, too few for --crop {side}",
                hint="leave it out with --exclude, or take a smaller crop",
            )
        yield np.ascontiguousarray(central_square(image, side))  # a view would keep the whole image
