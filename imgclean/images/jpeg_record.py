"""How a JPEG file holds its pixels, and what it says besides them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.images.jpeg_segments import APP0, APP14

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgclean.images.jpeg_mpf import MultiPicture
    from imgclean.images.jpeg_segments import Frame

FULL_CHROMA, HALF_CHROMA, QUARTER_CHROMA = 0, 1, 2
"""Pillow's numbers for 4:4:4, 4:2:2 and 4:2:0."""

# How many times more luma than chroma samples there are, horizontally and vertically.
_SUBSAMPLINGS = {(1.0, 1.0): FULL_CHROMA, (2.0, 1.0): HALF_CHROMA, (2.0, 2.0): QUARTER_CHROMA}


@dataclass(frozen=True, slots=True)
class JpegRecord:
    """What a JPEG file says besides its pixels, and how it holds them.

    Attributes:
        segments: kept metadata segments as marker and payload, in the file's order.
        tables: quantisation tables of the components, in natural order; the last one stands for
            those behind it.
        subsampling: Pillow's number for the chroma subsampling.
        rgb: whether the components are red, green and blue rather than YCbCr.
        progressive: whether the file holds several scans of rising detail.
        trailer: what follows the image: previews, a gain map, a motion photo's film.
        pictures: the directory of the images in the trailer, if there is one.
    """

    segments: tuple[tuple[int, bytes], ...]
    tables: tuple[tuple[int, ...], ...]
    subsampling: int
    rgb: bool
    progressive: bool
    trailer: bytes
    pictures: MultiPicture | None


def component_tables(
    frame: Frame, tables_by_number: Mapping[int, Sequence[int]]
) -> tuple[tuple[int, ...], ...]:
    """Return each component's table; the last one stands for those behind it."""
    numbers = [each.table for each in frame.components]
    while len(numbers) > 1 and numbers[-1] == numbers[-2]:
        numbers.pop()
    return tuple(tuple(tables_by_number[number]) for number in numbers)


def pillow_subsampling(frame: Frame) -> int:
    """Return Pillow's number for a frame's chroma subsampling."""
    first, *others = frame.components
    factors = {
        (first.horizontal / each.horizontal, first.vertical / each.vertical) for each in others
    }
    # A subsampling that Pillow cannot write gives way to none, which loses nothing.
    return _SUBSAMPLINGS.get(factors.pop(), FULL_CHROMA) if len(factors) == 1 else FULL_CHROMA


def is_rgb(frame: Frame, kept: Sequence[tuple[int, bytes]]) -> bool:
    """Whether three components are RGB, by the rules that libjpeg decodes by."""
    if len(frame.components) != 3 or any(
        marker == APP0 and payload.startswith(b"JFIF\x00") for marker, payload in kept
    ):
        return False
    for marker, payload in kept:
        if marker == APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
            return payload[11] == 0
    return bytes(each.name for each in frame.components) == b"RGB"
