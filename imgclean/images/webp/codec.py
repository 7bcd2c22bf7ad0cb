"""WebP, lossless and lossy, 8 bits, RGB.

imagecodecs decodes the pixels and Pillow encodes them, because it can be told to keep the
colour of transparent pixels in lossy files too. Both see nothing but pixels; all other chunks
are carried across by `chunks`, byte for byte.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from PIL import Image

from imgclean.errors import UnreadableImage
from imgclean.images.limits import check_size
from imgclean.images.metadata.profile import is_for_gray
from imgclean.images.picture import Picture
from imgclean.images.webp.chunks import (
    ALPHA,
    LOSSLESS,
    LOSSY,
    Bitstream,
    Chunk,
    extended_header,
    join_file,
    parse_bitstream,
    read_file,
    with_alpha,
)
from imgclean.images.webp.record import WebpRecord, metadata_of, said_by
from imgclean.images.webp.still import find_still
from imgclean.images.webp.vp8_quality import estimate_quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.limits import ReadRules
    from imgclean.images.webp.still import Still

_EFFORT = {"quality": 50, "method": 4}  # lossless: how hard to look for a smaller file


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the (first) image of a file: uint8, RGB or RGBA.

    The first image of an animation comes on its canvas, transparent where it does not reach.

    Raises:
        UnreadableImage: it is cut or damaged.
        UnsupportedImage: it is animated and the rules want one image, or it is too large.
    """
    chunks, trailer = read_file(data)
    still = find_still(chunks, rules)
    check_size(still.width, still.height, rules)
    inner = parse_bitstream(still.pixels)
    check_size(inner.width, inner.height, rules)
    samples = _on_canvas(_decode_pixels(still, inner), still)
    quality = estimate_quality(still.pixels.body) if still.pixels.kind == LOSSY else None
    metadata = metadata_of(chunks, trailer, quality)
    return Picture(samples, samples.shape[2] == 4, "webp", metadata)


def encode(picture: Picture, quality: int | None) -> bytes:
    """Return a file; gray becomes RGB, and a profile for gray is left out.

    Lossy with a quality, or without one where the picture was read from a lossy WebP file, which
    then gets about its quality.
    """
    own = picture.metadata.own
    if quality is None and isinstance(own, WebpRecord):
        quality = own.quality
    pixels = _encode_pixels(picture, quality)
    metadata = picture.metadata
    if is_for_gray(metadata.icc) and not isinstance(own, WebpRecord):
        metadata = replace(metadata, icc=None)
    said = said_by(metadata)
    chunks = (*said.before, *pixels, *said.after)
    if len(chunks) > 1 or (picture.alpha and quality is not None):
        kinds = [each.kind for each in chunks]
        header = extended_header(picture.width, picture.height, picture.alpha, kinds)
        chunks = (header, *chunks)
    return join_file(chunks) + said.trailer


def _decode_pixels(still: Still, inner: Bitstream) -> NDArray[Any]:
    """Return samples (H, W, 3 or 4)."""
    alpha = still.said_alpha or inner.alpha or still.alpha is not None
    parts = [still.alpha, still.pixels] if still.alpha else [still.pixels]
    if still.alpha:
        parts.insert(0, extended_header(inner.width, inner.height, alpha=True))
    alone = join_file(part for part in parts if part)
    samples: NDArray[Any] = imagecodecs.webp_decode(alone, hasalpha=alpha)
    if samples.shape != (inner.height, inner.width, 4 if alpha else 3):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    return samples


def _on_canvas(samples: NDArray[Any], still: Still) -> NDArray[Any]:
    height, width, channels = samples.shape
    if (height, width) == (still.height, still.width):
        return samples
    canvas = np.zeros((still.height, still.width, 4), np.uint8)
    place = canvas[still.top : still.top + height, still.left : still.left + width]
    place[:, :, :channels] = samples
    if channels == 3:
        place[:, :, 3] = 255
    return canvas


def _encode_pixels(picture: Picture, quality: int | None) -> tuple[Chunk, ...]:
    samples = picture.samples
    if picture.channels == 1:
        samples = samples[:, :, [0, 0, 0, 1] if picture.alpha else [0, 0, 0]]
    settings = _EFFORT if quality is None else {"quality": quality, "method": 4}
    stream = BytesIO()
    image = Image.fromarray(np.ascontiguousarray(samples))
    image.save(stream, "webp", lossless=quality is None, exact=True, **settings)
    chunks, _ = read_file(stream.getvalue())
    kept = [each for each in chunks if each.kind in (ALPHA, LOSSY, LOSSLESS)]
    # The encoder drops alpha that is opaque everywhere; the file is to have it all the same.
    return tuple(
        with_alpha(each) if each.kind == LOSSLESS and picture.alpha else each for each in kept
    )
