"""An image after compression, and what it took up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class Compressed(NamedTuple):
    """What a codec made of an image.

    Attributes:
        pixels: uint8, of the image's shape, as decoded.
        size: bytes of the encoded image, its header with it.
    """

    pixels: NDArray[np.uint8]
    size: int


def channel_by_channel(
    pixels: NDArray[np.uint8], compress: Callable[[NDArray[np.uint8]], Compressed]
) -> Compressed:
    """Return uint8[H, W, C] after each channel went through a codec as a gray image [H, W]."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    every = [compress(plane) for plane in planes]
    return Compressed(
        np.stack([each.pixels for each in every], axis=2), sum(each.size for each in every)
    )
