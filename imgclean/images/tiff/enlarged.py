"""The tags of a TIFF file whose image was enlarged: density, sizes, and places on a map."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from imgclean.images.metadata.enlarged import enlarged_value
from imgclean.images.tiff.tags import SHORT, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.images.tiff.tags import Layout

_DESCRIPTION = 270
_PIXEL_SCALE, _TIE_POINTS, _TRANSFORMATION, _GEO_KEYS = 33550, 33922, 34264, 34735
_RASTER_TYPE, _IS_POINT = 1025, 2
_DOUBLE = 12
_OME_PIXELS = re.compile(r"<(?:\w+:)?Pixels\b[^>]*>")
_OME_LENGTH = re.compile(r'\b((?:Physical)?Size[XY])="([^"]+)"')
_SHAPE = re.compile(r"shape=\(([\d, ]+)\)\s*")


def enlarged_tags(
    tags: Sequence[Tag], layout: Layout, scale: int, *, samples_last: bool
) -> tuple[Tag, ...]:
    """Return tags that say the same of the image with `scale` times as many pixels a side.

    Args:
        tags: of one directory, with those that it points to.
        layout: of their values.
        scale: see there.
        samples_last: whether the samples of a pixel are the last axis of an array that tifffile
            described.
    """
    is_point = _is_point(tags, layout)
    larger = []
    for tag in tags:
        if tag.directory is not None:
            inner = enlarged_tags(tag.directory, layout, scale, samples_last=samples_last)
            larger.append(replace(tag, directory=inner))
        elif tag.code == _DESCRIPTION:
            value = _description(tag.value, scale, samples_last=samples_last)
            larger.append(replace(tag, value=value))
        elif tag.type == _DOUBLE:
            value = _on_the_map(tag, layout, scale, (scale - 1) / 2 if is_point else 0.0)
            larger.append(replace(tag, value=value))
        else:
            value = enlarged_value(tag.code, tag.type, tag.value, layout, scale)
            larger.append(replace(tag, value=value))
    return tuple(larger)


def _description(value: bytes, scale: int, *, samples_last: bool) -> bytes:
    """Return an ImageDescription; of OME's XML and of tifffile's sides, with other sizes."""
    text = value.rstrip(b"\x00").decode("utf-8", "surrogateescape")
    larger = text
    if "OME" in text[:2000]:
        larger = _OME_PIXELS.sub(lambda found: _ome_pixels(found[0], scale), text)
    elif old := _SHAPE.fullmatch(text):
        sides = [int(side) for side in old[1].split(",") if side.strip()]
        shape = ",".join(map(str, _larger_sides(sides, scale, samples_last=samples_last)))
        larger = f"shape=({shape})"
    elif text.startswith('{"shape"'):
        larger = _shaped(text, scale, samples_last=samples_last)
    return value if larger == text else larger.encode("utf-8", "surrogateescape") + b"\x00"


def _ome_pixels(tag: str, scale: int) -> str:
    """Return OME's start tag Pixels: more pixels, each smaller on the object."""

    def larger(found: re.Match[str]) -> str:
        name, length = found.groups()
        try:
            if name.startswith("Physical"):
                return f'{name}="{float(length) / scale!r}"'
            return f'{name}="{int(length) * scale}"'
        except ValueError:
            return found[0]

    return _OME_LENGTH.sub(larger, tag)


def _shaped(text: str, scale: int, *, samples_last: bool) -> str:
    try:
        shaped = json.loads(text)
        sides = [int(side) for side in shaped["shape"]]
    except (ValueError, TypeError, KeyError):
        return text
    shaped["shape"] = _larger_sides(sides, scale, samples_last=samples_last)
    return json.dumps(shaped)


def _larger_sides(sides: list[int], scale: int, *, samples_last: bool) -> list[int]:
    last = len(sides) - samples_last
    return [side * scale if last - 2 <= index < last else side for index, side in enumerate(sides)]


def _is_point(tags: Sequence[Tag], layout: Layout) -> bool:
    """Whether a GeoTIFF's places are those of pixels' centres, not of their corners."""
    keys = next((each for each in tags if each.code == _GEO_KEYS and each.type == SHORT), None)
    numbers = keys.numbers(layout) if keys else ()
    return any(
        numbers[at] == _RASTER_TYPE and numbers[at + 3] == _IS_POINT
        for at in range(4, len(numbers) - 3, 4)
    )


def _on_the_map(tag: Tag, layout: Layout, scale: int, shift: float) -> bytes:
    """Return the value of a tag of GeoTIFF (OGC 19-008r4, annex B), or of another one as it is.

    Args:
        tag: of doubles.
        layout: see there.
        scale: see there.
        shift: by how much a place is moved in pixels of the large image.
    """
    code = f"{layout.order}{len(tag.value) // 8}d"
    values = list(struct.unpack(code, tag.value))
    if tag.code == _PIXEL_SCALE and len(values) == 3:
        values[:2] = (each / scale for each in values[:2])
    elif tag.code == _TIE_POINTS and len(values) % 6 == 0:
        for at in range(0, len(values), 6):
            values[at : at + 2] = (each * scale + shift for each in values[at : at + 2])
    elif tag.code == _TRANSFORMATION and len(values) == 16:
        for at in range(0, 16, 4):
            across, down = (each / scale for each in values[at : at + 2])
            values[at : at + 2] = across, down
            values[at + 3] -= shift * (across + down)
    return struct.pack(code, *values)
