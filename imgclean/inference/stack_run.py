"""A stack's way through the program: plane by plane, in the memory of a few tiles."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgclean.errors import ImageError, UnwritableImage
from imgclean.inference.passage import pass_through
from imgclean.inference.residual import BesideResidual, residual_record
from imgclean.inference.stack_files import clean_file, residual_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

    from imgclean.extension.model_info import Precision
    from imgclean.images.pixels import SampleRange
    from imgclean.images.rasters import SampleSink
    from imgclean.images.tiff.stack_writer import TiffStackWriter
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import Job
    from imgclean.inference.stack_source import Plane, StackSource
    from imgclean.inference.treatment import Tool


@dataclass(frozen=True, slots=True)
class StackResult:
    """What came of a stack.

    Attributes:
        width, height, dtype: of the first plane.
        pixels: of all planes.
        denoiser: whose function the first plane went through, if anybody's.
        precision: of the last plane, where it was computed in one.
        strength: of all planes, where the noise of the first decided it.
        nearly_empty: numbers of the planes, from 1 on, that are so in the range that was chosen.
        left: whether all planes stay as they are.
    """

    width: int
    height: int
    dtype: np.dtype[np.generic]
    pixels: int
    denoiser: Denoiser | None
    precision: Precision | None
    strength: float | None
    nearly_empty: tuple[int, ...]
    left: bool


def clean_stack(
    source: StackSource,
    target: Path,
    rules: ImageRules,
    *,
    scale: int,
    least_quality: int | None,
    job: Job,
    residual: Path | None = None,
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
        job: what error messages call the files.
        residual: the file of what is taken away, if it is wanted.
        choose: gives what is applied to a plane.
        on_pixels: told how many pixels were finished; may raise to stop.

    Raises:
        ImageError: a plane cannot be read or treated; the message does not name the input.
        UnwritableImage: the file cannot be written; the message names it.
    """
    results: list[StackResult] = []
    tools = [choose(source.plane(0))]
    with ExitStack() as open_files:
        cleaned = clean_file(source, target, rules, tools, scale, job.output)
        writer, taken = open_files.enter_context(cleaned), None
        if residual is not None and job.residual is not None:
            away = residual_file(source, residual, rules, job.residual.output)
            taken = open_files.enter_context(away)
        for position in range(len(source)):
            plane = source.plane(position)
            if least_quality is not None:
                record = plane.record.at_least(least_quality)
                plane = replace(plane, record=record)
            if position > 0:
                tools.append(choose(plane))
            span = source.range_of(plane)
            with _naming_the_page(plane, source):
                ends = _begin(plane, scale, writer, taken)
                results.append(_clean_plane(plane, span, scale, ends, tools[-1], on_pixels))
    return replace(
        results[0],
        pixels=sum(each.pixels for each in results),
        precision=results[-1].precision,
        strength=results[-1].strength,
        nearly_empty=tuple(number for each in results for number in each.nearly_empty),
        left=all(each.left for each in results),
    )


def _begin(
    plane: Plane, scale: int, writer: TiffStackWriter, residual: TiffStackWriter | None
) -> tuple[SampleSink, list[Callable[[], None]]]:
    """Return what takes a plane's clean samples, and what to call when it has them all."""
    height, width, channels = plane.samples.shape
    shape = height * scale, width * scale, channels
    target, finish = writer.begin(plane.record, shape, plane.like.dtype)
    if residual is None:
        return target, [finish]
    record = residual_record(plane.record)
    taken, finish_taken = residual.begin(record, shape, plane.like.dtype)
    both = BesideResidual(target, taken, plane.samples, alpha=plane.like.alpha)
    return both, [finish, finish_taken]


def _clean_plane(
    plane: Plane,
    span: SampleRange,
    scale: int,
    ends: tuple[SampleSink, list[Callable[[], None]]],
    tool: Tool,
    on_pixels: Callable[[int], None],
) -> StackResult:
    height, width, _ = plane.samples.shape
    height, width = height * scale, width * scale
    target, finishes = ends
    passed = pass_through(
        tool.function,
        plane.samples,
        target,
        like=plane.like,
        span=span,
        on_pixels=on_pixels,
        scale=scale,
    )
    for finish in finishes:
        finish()
    return StackResult(
        width=width,
        height=height,
        dtype=plane.like.dtype,
        pixels=height * width,
        denoiser=tool.denoiser,
        precision=passed.precision,
        strength=tool.chosen_strength,
        nearly_empty=(plane.number + 1,) if passed.nearly_empty else (),
        left=tool.leaves_it,
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
