"""The image in a WebP file that is taken: its only one, or the first of an animation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.webp.chunks import (
    ALPHA,
    EXTENDED,
    FRAME,
    LOSSLESS,
    LOSSY,
    Chunk,
    parse_bitstream,
    parse_extended_header,
    parse_uint24,
    read_chunks,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.images.limits import ReadRules

_FRAME_HEAD = 16  # bytes of a chunk ANMF before the chunks in it


@dataclass(frozen=True, slots=True)
class Still:
    """One image, and where it lies on its canvas.

    Attributes:
        pixels: chunk VP8 or VP8L.
        alpha: chunk ALPH, or None.
        left, top: place on the canvas.
        width, height: of the canvas.
        said_alpha: whether the file claims to have alpha.
    """

    pixels: Chunk
    alpha: Chunk | None
    left: int
    top: int
    width: int
    height: int
    said_alpha: bool


def find_still(chunks: Sequence[Chunk], rules: ReadRules) -> Still:
    """Return the image that a file's chunks hold, the first one if the rules allow several.

    Raises:
        UnreadableImage: there is none, or it does not fit its canvas.
        UnsupportedImage: there are several, and the rules want one.
    """
    header = next((parse_extended_header(c) for c in chunks if c.kind == EXTENDED), None)
    pixels, alpha = _pixel_chunks(chunks)
    if pixels is not None:
        canvas = parse_bitstream(pixels)
        if header and (header.width, header.height) != (canvas.width, canvas.height):
            raise UnreadableImage("damaged: its header disagrees with its pixels on the size")
        said_alpha = header is not None and header.alpha
        return Still(pixels, alpha, 0, 0, canvas.width, canvas.height, said_alpha)
    frames = [each.body for each in chunks if each.kind == FRAME]
    if header is None or not frames:
        raise UnreadableImage("truncated or damaged: it holds no image")
    if len(frames) > 1 and not rules.first_page:
        raise UnsupportedImage("an animated WebP", hint="--pages first takes its first image")
    pixels, alpha = _pixel_chunks(list(read_chunks(frames[0][_FRAME_HEAD:])))
    if pixels is None:
        raise UnreadableImage("damaged: its first image has no pixels")
    left, top = 2 * parse_uint24(frames[0], 0), 2 * parse_uint24(frames[0], 3)
    inner = parse_bitstream(pixels)
    if left + inner.width > header.width or top + inner.height > header.height:
        raise UnreadableImage("damaged: its first image does not fit its canvas")
    return Still(pixels, alpha, left, top, header.width, header.height, said_alpha=False)


def _pixel_chunks(chunks: Sequence[Chunk]) -> tuple[Chunk | None, Chunk | None]:
    pixels = next((each for each in chunks if each.kind in (LOSSY, LOSSLESS)), None)
    lossy = pixels is not None and pixels.kind == LOSSY
    alpha = next((each for each in chunks if lossy and each.kind == ALPHA), None)
    return pixels, alpha
