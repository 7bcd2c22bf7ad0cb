"""PNG, 8 and 16 bits.

imagecodecs decodes and encodes the pixels of both depths: Pillow reads 16-bit colour as 8 bits
and takes a file whose last rows are missing for a whole one. It sees nothing but pixels; all
other chunks are carried across by `chunks`, byte for byte.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.limits import check_size
from imgclean.images.picture import Picture
from imgclean.images.png.chunks import join_chunks, parse_header, read_chunks
from imgclean.images.png.record import PIXEL_CHUNKS, PngRecord, metadata_of, record_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgclean.images.limits import ReadRules
    from imgclean.images.png.chunks import Chunk, Header

_BOUND_TO_LAYOUT = frozenset((b"bKGD", b"sBIT"))  # their form follows the colour type
_GRAY, _RGB, _PALETTE, _RGB_ALPHA = 0, 2, 3, 6


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image in a PNG file; palettes and 2 or 4 bit gray become 8 bits."""
    chunks = list(read_chunks(data))
    header = parse_header(chunks[0])
    check_size(header.width, header.height, rules)
    _refuse_unsupported(header, chunks, rules)
    samples = _decode_pixels(header, [each for each in chunks if each.kind in PIXEL_CHUNKS])
    if samples.ndim == 2:
        samples = samples[:, :, np.newaxis]
    if samples.shape[:2] != (header.height, header.width):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    alpha = samples.shape[2] in (2, 4)
    return Picture(samples, alpha, "png", metadata_of(header, chunks))


def encode(picture: Picture, quality: int | None) -> bytes:  # noqa: ARG001 - PNG loses nothing
    """Return a PNG file.

    Run lengths behind the Paeth predictor: within 6 % of zlib's level 6 on photographs of
    either depth, in a quarter of its time (benchmarks/encoding.py).
    """
    height, width, channels = picture.samples.shape
    # Raveled, because the codec is particular about the strides of axes of length 1.
    flat = np.ascontiguousarray(picture.samples).ravel()
    pixels = imagecodecs.png_encode(
        flat.reshape((height, width) if channels == 1 else (height, width, channels)),
        level=imagecodecs.PNG.COMPRESSION.SPEED,
        strategy=imagecodecs.PNG.STRATEGY.RLE,
        filter=imagecodecs.PNG.FILTER.PAETH,
    )
    first, *image, last = (each for each in read_chunks(bytes(pixels)))
    header = parse_header(first)
    own = picture.metadata.own
    if isinstance(own, PngRecord):
        record = own.with_general(picture.metadata)
    else:
        record = record_for(header, picture.metadata)
    same_layout = (header.depth, header.colour_type) == (
        record.header.depth,
        record.header.colour_type,
    )
    before = [c for c in record.before if same_layout or c.kind not in _BOUND_TO_LAYOUT]
    return join_chunks([first, *before, *image, *record.after, last])


def _decode_pixels(header: Header, chunks: Sequence[Chunk]) -> NDArray[Any]:
    plain = header.depth == 8 and header.colour_type in (_GRAY, _RGB, _RGB_ALPHA)
    spng_can = plain or header.colour_type == _PALETTE
    if header.interlaced and spng_can and all(each.kind != b"tRNS" for each in chunks):
        return imagecodecs.spng_decode(join_chunks(chunks))  # libpng prints a warning on such
    return imagecodecs.png_decode(join_chunks(chunks))


def _refuse_unsupported(header: Header, chunks: Sequence[Chunk], rules: ReadRules) -> None:
    if header.depth == 1:
        raise UnsupportedImage(
            "a PNG of 1 bit: it holds no noise to clean", hint="convert it to 8-bit gray first"
        )
    frames = next((chunk.body for chunk in chunks if chunk.kind == b"acTL"), b"")
    animated = len(frames) == 8 and struct.unpack(">II", frames)[0] > 1
    if animated and not rules.first_page:  # IDAT is the image for programs without animations
        raise UnsupportedImage("an animated PNG", hint="--pages first takes its first image")
    for chunk in chunks:
        if not chunk.ancillary and chunk.kind not in PIXEL_CHUNKS:
            raise UnsupportedImage(
                f"a PNG with the non-standard chunk {chunk.kind.decode('ascii')}",
                hint="save it again as plain PNG",
            )
