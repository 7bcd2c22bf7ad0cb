"""How a JPEG file holds its pixels, and what it says besides them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from imgclean.images.jpeg.enlarged import enlarged_payload
from imgclean.images.jpeg.segments import APP0, APP14

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgclean.images.jpeg.mpf import MultiPicture
    from imgclean.images.jpeg.segments import Frame

Encoding = Literal["gray", "ycc", "rgb", "cmyk", "ycck"]
"""What the components are: YCbCr stands for RGB, and YCbCr with K for CMYK."""

Pairs = tuple[tuple[int, int], ...]
"""A number across and one down for each component."""

Tables = tuple[tuple[int, ...], ...]
"""Quantisation tables in natural order; the last one stands for the components behind it."""

DEFAULT_ENCODINGS: dict[int, Encoding] = {1: "gray", 3: "ycc", 4: "cmyk"}

_FLAG_AT = 11  # of an Adobe segment's payload


@dataclass(frozen=True, slots=True)
class JpegRecord:
    """What a JPEG file says besides its pixels, and how it holds them.

    Attributes:
        segments: kept metadata segments as marker and payload, in the file's order; None if the
            general fields of the metadata stand for them.
        tables: quantisation tables of the components.
        sampling: horizontal and vertical sampling factor of each component.
        encoding: what the components are.
        progressive: whether the file holds several scans of rising detail.
        trailer: what follows the image: previews, a gain map, a motion photo's film.
        pictures: the directory of the images in the trailer, if there is one.
    """

    segments: tuple[tuple[int, bytes], ...] | None
    tables: Tables
    sampling: Pairs
    encoding: Encoding
    progressive: bool
    trailer: bytes = b""
    pictures: MultiPicture | None = None

    def stripped(self) -> JpegRecord:
        """Return how the file holds its pixels, without segments and without what follows it."""
        return replace(self, segments=None, trailer=b"", pictures=None)

    def enlarged(self, scale: int) -> JpegRecord:
        """Return the record with the densities and sizes of the enlarged image."""
        if self.segments is None:
            return self
        return replace(
            self,
            segments=tuple((each[0], enlarged_payload(*each, scale)) for each in self.segments),
        )


def component_tables(frame: Frame, tables_by_number: Mapping[int, Sequence[int]]) -> Tables:
    """Return each component's table."""
    numbers = [each.table for each in frame.components]
    while len(numbers) > 1 and numbers[-1] == numbers[-2]:
        numbers.pop()
    return tuple(tuple(tables_by_number[number]) for number in numbers)


def sampling_factors(frame: Frame) -> Pairs:
    """Return each component's horizontal and vertical factor; for gray they mean nothing."""
    return tuple((each.horizontal, each.vertical) for each in frame.components)


def encoding_of(frame: Frame, kept: Sequence[tuple[int, bytes]]) -> Encoding:
    """Return what the components are, by the rules that libjpeg decodes by."""
    flag = next(
        (
            payload[_FLAG_AT]
            for marker, payload in kept
            if marker == APP14 and payload.startswith(b"Adobe") and len(payload) > _FLAG_AT
        ),
        None,
    )
    if len(frame.components) == 4:
        return "ycck" if flag else "cmyk"
    if len(frame.components) == 1:
        return "gray"
    if any(marker == APP0 and payload.startswith(b"JFIF\x00") for marker, payload in kept):
        return "ycc"
    if flag is not None:
        return "ycc" if flag else "rgb"
    return "rgb" if bytes(each.name for each in frame.components) == b"RGB" else "ycc"


def adobe_segment(encoding: Encoding) -> tuple[int, bytes]:
    """Return the segment that tells decoders what the components are (Adobe TN 5116)."""
    flag = {"ycc": 1, "ycck": 2}.get(encoding, 0)
    return APP14, b"Adobe\x00\x64" + bytes(4) + bytes((flag,))
