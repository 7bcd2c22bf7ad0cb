"""The first image of a file, to look at."""

from __future__ import annotations

import dataclasses
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import UnsupportedImage
from imgclean.images.alpha import ColourOf
from imgclean.images.facts import ImageFacts, facts_of
from imgclean.images.formats import recognise, recognise_bytes
from imgclean.images.limits import ReadRules
from imgclean.images.page_choice import PageChoice
from imgclean.images.pixels import sample_range
from imgclean.images.rasters import MemorySamples, PixelRaster, Samples
from imgclean.images.read import decode_image, naming_damage, read_bytes
from imgclean.images.signatures import HEAD_BYTES
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.jobs import STREAM
from imgclean.inference.selection import ImageKind
from imgclean.inference.stack_source import open_stack
from imgclean.inference.standard_input import read_standard_input, spooled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imgclean.images.formats import Recognised
    from imgclean.images.picture import Picture
    from imgclean.inference.stack_source import StackSource

_FIRST = PageChoice("first", (1,))


@dataclass(frozen=True, slots=True)
class FirstImage:
    """An image that can be read.

    Attributes:
        facts: what its file says of it.
        pages: images in the file; None for an animation or several photos.
        kind: what decides who cleans it.
        raster: its colours.
    """

    facts: ImageFacts
    pages: int | None
    kind: ImageKind
    raster: PixelRaster


@contextmanager
def open_first_image(path: Path, max_pixels: int) -> Iterator[FirstImage]:
    """Open the first image of a file; a large TIFF is read part by part as parts are asked for.

    Args:
        path: the file; `-` for stdin.
        max_pixels: the largest image that is decoded as a whole.

    Raises:
        ImageError: it cannot be read, or is of a kind that is not handled; also within, of parts.
    """
    if path == STREAM:
        yield from _of_stream(max_pixels)
    elif _is_tiff(recognise(path)):
        yield from _of_tiff(path, str(path), max_pixels)
    else:
        reading = ReadRules(max_pixels=max_pixels)
        yield _of_content(read_bytes(path, reading), str(path), reading)


def _of_stream(max_pixels: int) -> Iterator[FirstImage]:
    data = read_standard_input(lambda: False)
    if not _is_tiff(recognise_bytes(data[:HEAD_BYTES])):
        yield _of_content(data, "stdin", ReadRules(max_pixels=max_pixels))
        return
    path = spooled(data)
    try:
        yield from _of_tiff(path, "stdin", max_pixels)
    finally:
        path.unlink()


def _of_tiff(path: Path, name: str, max_pixels: int) -> Iterator[FirstImage]:
    rules = ImageRules(pages=_FIRST, max_pixels=max_pixels)
    with naming_damage("TIFF", name), closing(open_stack(path, rules)) as source:
        if not source.stack.is_small:
            yield _of_stack(source)
            return
    reading = ReadRules(max_pixels=max_pixels)
    yield _of_content(read_bytes(path, reading), name, reading)


def _of_stack(source: StackSource) -> FirstImage:
    plane = source.plane(0)
    height, width, _ = plane.samples.shape
    facts = dataclasses.replace(facts_of(plane.like), width=width, height=height)
    colour: Samples = plane.samples
    if plane.like.alpha:
        colour = ColourOf(colour, hidden=False)
    raster = PixelRaster(colour, source.range_of(plane))
    return FirstImage(facts, len(source.stack), _kind_of(plane.like), raster)


def _of_content(data: bytes, name: str, reading: ReadRules) -> FirstImage:
    pages: int | None = 1
    try:
        picture = decode_image(data, name, reading)
    except UnsupportedImage as refused:
        first = dataclasses.replace(reading, first_page=True)
        try:
            picture, pages = decode_image(data, name, first), None
        except UnsupportedImage:
            raise refused from None
    span = sample_range(picture.colour, highest=picture.highest, name=name)
    raster = PixelRaster(MemorySamples(picture.colour), span)
    return FirstImage(facts_of(picture), pages, _kind_of(picture), raster)


def _kind_of(picture: Picture) -> ImageKind:
    return ImageKind.of(picture.space, picture.dtype)


def _is_tiff(recognised: Recognised | None) -> bool:
    return bool(recognised and recognised.format and recognised.format.name == "tiff")
