"""JPEG compression by libjpeg, as DnCNN, Section IV-A, and nearly all cameras do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagecodecs

from imgclean.degradation.codec_step import CodecStep
from imgclean.degradation.compressed import Compressed, channel_by_channel
from imgclean.degradation.drawing import whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgclean.degradation.spec import Jpeg


def compress_jpeg(pixels: NDArray[np.uint8], quality: float) -> Compressed:
    """Return uint8[H, W, C] as it is after JPEG compression.

    Three channels are RGB, with colour at half the resolution (4:2:0, libjpeg's default); any
    other number is compressed channel by channel, as gray.
    """
    if pixels.shape[2] == 3:
        return _decoded(imagecodecs.jpeg8_encode(pixels, int(quality), subsampling="420"))
    return channel_by_channel(
        pixels, lambda plane: _decoded(imagecodecs.jpeg8_encode(plane, int(quality)))
    )


def jpeg_step(spec: Jpeg, side: int) -> CodecStep:
    """Return what compresses the rows of a batch; every quality of a range is equally likely."""
    return CodecStep(spec.quality, whole, compress_jpeg, side)


def _decoded(data: bytes | bytearray) -> Compressed:
    return Compressed(imagecodecs.jpeg8_decode(data), len(data))
