"""JPEG 2000 compression by OpenJPEG at a rate in bits per pixel, as in DN-ResNet's Figure 7."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from PIL import Image

from imgclean.degradation.codec_step import CodecStep
from imgclean.degradation.compressed import Compressed, channel_by_channel
from imgclean.degradation.drawing import logarithmic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.spec import Jpeg2000

_START_OF_DATA = b"\xff\x93"
_SURROUNDINGS = 64  # pixels on every side


def compress_jpeg2000(pixels: NDArray[np.uint8], rate: float, *, header: bool = True) -> Compressed:
    """Return uint8[H, W, C] as it is after JPEG 2000 compression with the 9/7 wavelet.

    OpenJPEG takes a ratio of sizes, uncompressed to compressed: 8 C / rate. It comes within a
    few bytes of it from below, or as near as the image's header allows. (The codecs of
    imagecodecs take a PSNR instead.) Three channels are RGB; any other number is compressed
    channel by channel, as gray, at an equal share of the rate.

    Args:
        pixels: the image.
        rate: bits per pixel, all channels together.
        header: whether the header, some 150 bytes, counts towards the rate.
    """
    if pixels.shape[2] == 3:
        return _compress(pixels, rate, header=header)
    share = rate / pixels.shape[2]
    return channel_by_channel(pixels, lambda plane: _compress(plane, share, header=header))


def jpeg2000_step(spec: Jpeg2000, side: int) -> CodecStep:
    """Return what compresses the rows of a batch; rates are drawn uniform in their logarithm.

    An image spends more on its busy parts; so a row shares the rate with its surroundings. The
    header, of which a row has only its small share, does not count.
    """
    return CodecStep(spec.rate, logarithmic, _compress_row, side, margin=_SURROUNDINGS)


def _compress_row(pixels: NDArray[np.uint8], rate: float) -> Compressed:
    return compress_jpeg2000(pixels, rate, header=False)


def _compress(pixels: NDArray[np.uint8], rate: float, *, header: bool) -> Compressed:
    size = pixels.shape[0] * pixels.shape[1] * rate / 8
    if not header:
        size += _header_size(pixels.shape)
    data = encode_jpeg2000(pixels, size)
    return Compressed(imagecodecs.jpeg2k_decode(data), len(data))


def encode_jpeg2000(pixels: NDArray[np.uint8], size: float) -> bytes:
    """Return the codestream of uint8[H, W] or RGB uint8[H, W, 3], of about `size` bytes."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(
        stream,
        "JPEG2000",
        quality_mode="rates",
        quality_layers=[max(1.0, pixels.size / size)],
        irreversible=True,
        no_jp2=True,
    )
    return stream.getvalue()


@cache
def _header_size(shape: tuple[int, ...]) -> int:
    """Return the bytes of a codestream before its data."""
    return encode_jpeg2000(np.zeros(shape, np.uint8), 1).index(_START_OF_DATA) + 2
