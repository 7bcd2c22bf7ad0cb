"""Which kinds of TIFF images are handled, told before their pixels are decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.tiff.loss import JPEG_2000S, JPEG_XLS, JPEGS, WEBPS
from imgclean.images.tiff.record import (
    COLOURS,
    INTERLEAVED,
    MIN_IS_BLACK,
    MIN_IS_WHITE,
    PALETTE,
    PLANAR,
    RGB,
    SEPARATED,
    YCBCR,
)

if TYPE_CHECKING:
    from tifffile import TiffPage

_LOSSLESS = frozenset((1, 5, 8, 32773, 32946, 34925, 34926, 34933, 50000, 50013))
"""None, LZW, deflate, PackBits, old deflate, LZMA, old zstd, PNG, zstd, PIXTIFF."""

COMPRESSIONS = _LOSSLESS | JPEGS | WEBPS | JPEG_2000S | JPEG_XLS
DTYPES = ("uint8", "uint16", "float16", "float32", "float64")

_PHOTOMETRIC = 262
_PHOTOMETRICS = frozenset((MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, SEPARATED, YCBCR))
_JPEG_CHANNELS = {
    **dict.fromkeys((MIN_IS_WHITE, MIN_IS_BLACK), (1, 2)),
    RGB: (3, 4),
    YCBCR: (3,),
    SEPARATED: (4,),
    PALETTE: (),
}
_FLOAT_BITS = frozenset((16, 32, 64))
_NARROWER = {"int8": "float16", "int16": "float32", "uint32": "float64", "int32": "float64"}


def check_page(page: TiffPage) -> None:
    """Refuse an image whose samples are of a kind that is not handled.

    Raises:
        UnsupportedImage: it is.
        UnreadableImage: its tags contradict each other.
    """
    if page.imagedepth != 1:
        raise UnsupportedImage("a TIFF that holds a stack", hint="split it into images first")
    _check_samples(page)
    _check_compression(page)
    _check_colours(page)


def _check_samples(page: TiffPage) -> None:
    palette = page.photometric == PALETTE
    bits = page.bitspersample
    if bits == 1 and not palette:
        raise UnsupportedImage(
            "a TIFF of 1 bit: it holds no noise to clean", hint="convert it to 8-bit gray first"
        )
    dtype = "unknown" if page.dtype is None else page.dtype.name
    if isinstance(bits, tuple) or (page.dtype is not None and page.dtype.kind == "f"):
        handled = bits in _FLOAT_BITS and dtype in DTYPES
    else:
        handled = dtype in DTYPES or (palette and dtype == "bool")
    if not handled:
        raise UnsupportedImage(
            f"a TIFF of {dtype} samples with {bits} bits",
            hint=f"convert it to {_NARROWER.get(dtype, 'uint16 or float32')} first",
        )
    if bits < 8 and page.samplesperpixel > 1:
        raise UnsupportedImage(
            f"a TIFF of {page.samplesperpixel} channels of {bits} bits",
            hint="convert it to 8 bits first",
        )


def _check_colours(page: TiffPage) -> None:
    photometric, samples = page.photometric, page.samplesperpixel
    if _PHOTOMETRIC not in page.tags:
        raise UnreadableImage("damaged: it does not say what its colours are")
    if samples > 1 and page.planarconfig not in (INTERLEAVED, PLANAR):
        raise UnreadableImage("damaged: it does not say how its channels are arranged")
    if photometric not in _PHOTOMETRICS:
        raise UnsupportedImage(
            f"a TIFF with {_name(photometric)} colours", hint="convert it to gray or RGB first"
        )
    if photometric in (RGB, YCBCR) and samples < COLOURS[photometric]:
        raise UnreadableImage("damaged: its tags contradict each other on the channels")
    if photometric == PALETTE and (samples != 1 or page.bitspersample > 8):
        raise UnsupportedImage(
            f"a TIFF with a palette of {page.bitspersample} bits and {samples} channels",
            hint="convert it to RGB first",
        )
    if photometric == YCBCR and page.compression not in JPEGS:
        raise UnsupportedImage(
            "a TIFF with YCBCR colours that are not JPEG", hint="convert it to RGB first"
        )
    if photometric == MIN_IS_WHITE and page.dtype is not None and page.dtype.kind == "f":
        raise UnsupportedImage("a TIFF of floats in which 0 is white", hint="invert it first")
    if page.compression in JPEGS:
        _check_jpeg(page)


def _check_jpeg(page: TiffPage) -> None:
    if page.planarconfig != INTERLEAVED:
        sound = page.photometric != YCBCR
    else:  # of other numbers of channels the stream does not say what they are
        sound = page.samplesperpixel in _JPEG_CHANNELS[page.photometric]
    if not sound:
        raise UnsupportedImage(
            f"a TIFF of {page.samplesperpixel} channels ({_name(page.photometric)}) "
            "with JPEG compression",
            hint="save it with LZW, deflate, zstd or no compression first",
        )


def _check_compression(page: TiffPage) -> None:
    if page.compression not in COMPRESSIONS:
        raise UnsupportedImage(
            f"a TIFF with {_name(page.compression)} compression",
            hint="save it with LZW, deflate, zstd or no compression first",
        )


def _name(value: int) -> str:
    return str(getattr(value, "name", value))
