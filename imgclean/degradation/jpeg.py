"""JPEG compression by libjpeg, as DnCNN, Section IV-A, and nearly all cameras do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from imgclean.degradation.codec_step import CodecStep
from imgclean.degradation.drawing import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.spec import Jpeg


def compress_jpeg(pixels: NDArray[np.uint8], quality: float) -> NDArray[np.uint8]:
    """Return uint8[H, W, C] as it is after JPEG compression.

    Three channels are RGB, with colour at half the resolution (4:2:0, libjpeg's default); any
    other number is compressed channel by channel, as gray.
    """
    if pixels.shape[2] == 3:
        data = imagecodecs.jpeg8_encode(pixels, int(quality), subsampling="420")
        colour: NDArray[np.uint8] = imagecodecs.jpeg8_decode(data)
        return colour
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    every = [imagecodecs.jpeg8_encode(plane, int(quality)) for plane in planes]
    return np.stack([imagecodecs.jpeg8_decode(data) for data in every], axis=2)


def jpeg_step(spec: Jpeg, side: int) -> CodecStep:
    """Return what compresses the rows of a batch; every quality of a range is equally likely."""
    return CodecStep(spec.quality, whole, compress_jpeg, side)
