"""A stack's way through the program: plane by plane, in the memory of a few tiles."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from imgclean.errors import ImageError, UnwritableImage
from imgclean.images.tiff.metadata import tags_to_write
from imgclean.images.tiff.record import NO_COMPRESSION
from imgclean.images.tiff.stack_writer import TiffStackWriter
from imgclean.images.tiff.tags import Layout
from imgclean.inference.passage import pass_through
from imgclean.inference.said import metadata_of_clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

    from imgclean.extension.model_info import Precision
    from imgclean.images.pixels import SampleRange
    from imgclean.images.tiff.record import TiffRecord
    from imgclean.images.tiff.tags import Tag
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.stack_source import Plane, StackSource
    from imgclean.inference.treatment import Tool

_LARGEST_CLASSIC = 4_000_000_000  # bytes of samples; a larger file needs BigTIFF's offsets


@dataclass(frozen=True, slots=True)
class StackResult:
    """What came of a stack.

    Attributes:
        width, height, dtype: of the first plane.
        pixels: of all planes.
        denoiser: whose function the first plane went through, if anybody's.
        precision: of the last plane, where it was computed in one.
        nearly_empty: numbers of the planes, from 1 on, that are so in the range that was chosen.
    """

    width: int
    height: int
    dtype: np.dtype[np.generic]
    pixels: int
    denoiser: Denoiser | None
    precision: Precision | None
    nearly_empty: tuple[int, ...]


def clean_stack(
    source: StackSource,
    target: Path,
    rules: ImageRules,
    *,
    scale: int,
    least_quality: int | None,
    name: Path,
    choose: Callable[[Plane], Tool],
    on_pixels: Callable[[int], None],
) -> StackResult:
    """Put the wanted planes of a stack through functions into a new file.

    Args:
        source: the planes.
        target: the file; what is there is lost.
        rules: what is done with each plane's samples and metadata.
        scale: pixels of each new plane, along each side, for one of the old.
        least_quality: takes the place of a lower one of lossy planes.
        name: what error messages call the file.
        choose: gives what is applied to a plane.
        on_pixels: told how many pixels were finished; may raise to stop.

    Raises:
        ImageError: a plane cannot be read or treated; the message does not name the input.
        UnwritableImage: the file cannot be written; the message names it.
    """
    results: list[StackResult] = []
    denoiser = choose(source.plane(0)).denoiser
    with _writing(source, target, rules, denoiser, scale, name) as writer:
        for position in range(len(source)):
            plane = source.plane(position)
            if least_quality is not None:
                record = plane.record.at_least(least_quality)
                plane = replace(plane, record=record)
            span = source.range_of(plane)
            with _naming_the_page(plane, source):
                results.append(_clean_plane(plane, span, scale, writer, choose(plane), on_pixels))
    return replace(
        results[0],
        pixels=sum(each.pixels for each in results),
        precision=results[-1].precision,
        nearly_empty=tuple(number for each in results for number in each.nearly_empty),
    )


def _clean_plane(
    plane: Plane,
    span: SampleRange,
    scale: int,
    writer: TiffStackWriter,
    tool: Tool,
    on_pixels: Callable[[int], None],
) -> StackResult:
    height, width, channels = plane.samples.shape
    height, width = height * scale, width * scale
    target, finish = writer.begin(plane.record, (height, width, channels), plane.like.dtype)
    passed = pass_through(
        tool.function,
        plane.samples,
        target,
        like=plane.like,
        span=span,
        on_pixels=on_pixels,
        scale=scale,
    )
    finish()
    return StackResult(
        width=width,
        height=height,
        dtype=plane.like.dtype,
        pixels=height * width,
        denoiser=tool.denoiser,
        precision=passed.precision,
        nearly_empty=(plane.number + 1,) if passed.nearly_empty else (),
    )


@contextmanager
def _naming_the_page(plane: Plane, source: StackSource) -> Iterator[None]:
    try:
        yield
    except UnwritableImage:
        raise
    except ImageError as error:
        if len(source.stack) == 1:
            raise
        raise error.about(f"page {plane.number + 1}") from error


@contextmanager
def _writing(
    source: StackSource,
    target: Path,
    rules: ImageRules,
    denoiser: Denoiser | None,
    scale: int,
    name: Path,
) -> Iterator[TiffStackWriter]:
    """Yield the writer; finish the file on success, give it up on any exception."""
    first = source.plane(0)
    stack = source.stack

    def tags_of(position: int) -> tuple[Tag, ...]:
        plane = source.plane(position)
        metadata = plane.metadata
        if position == 0:
            metadata = metadata_of_clean(metadata, rules, denoiser)
        elif rules.strip_metadata:
            metadata = metadata.stripped()
        elif scale > 1:
            metadata = metadata.enlarged(scale)
        return tags_to_write(cast("TiffRecord", metadata.own), metadata)

    size = sum(stack.plane_bytes(plane) for plane in source.planes) * scale**2
    writer = TiffStackWriter(
        target,
        Layout(stack.layout.order, big=stack.layout.big or size > _LARGEST_CLASSIC),
        name,
        len(source),
        tags_of,
        contiguous=stack.is_imagej and first.record.compression == NO_COMPRESSION,
        one_directory=stack.shares_directory,
    )
    try:
        yield writer
        writer.close()
    except BaseException:
        writer.abort()
        raise
