"""The files that a stack is written to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from imgclean.images.tiff.metadata import tags_to_write
from imgclean.images.tiff.record import NO_COMPRESSION
from imgclean.images.tiff.stack_writer import TiffStackWriter
from imgclean.images.tiff.tags import Layout
from imgclean.inference.said import metadata_of_clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from imgclean.images.picture import Metadata
    from imgclean.images.tiff.record import TiffRecord
    from imgclean.images.tiff.tags import Tag
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.stack_source import StackSource
    from imgclean.inference.treatment import Tool

_LARGEST_CLASSIC = 4_000_000_000  # bytes of samples; a larger file needs BigTIFF's offsets


@contextmanager
def clean_file(
    source: StackSource,
    target: Path,
    rules: ImageRules,
    tools: Sequence[Tool],
    scale: int,
    name: Path,
) -> Iterator[TiffStackWriter]:
    """Yield the writer of the clean planes.

    Args:
        source: the noisy ones.
        target: the file; what is there is lost. It is given up on any exception.
        rules: what is done with each plane's metadata.
        tools: what is applied to each; may grow. The first that changes a plane is noted.
        scale: pixels of each new plane, along each side, for one of the old.
        name: what error messages call the file.
    """

    def metadata_of(position: int) -> Metadata:
        metadata = source.plane(position).metadata
        if position == 0:
            tool = next((each for each in tools if not each.leaves_it), tools[0])
            return metadata_of_clean(metadata, tool.rules(rules), tool.denoiser)
        if rules.strip_metadata:
            return metadata.stripped()
        return metadata.enlarged(scale) if scale > 1 else metadata

    with _writing(source, target, metadata_of, scale, name) as writer:
        yield writer


@contextmanager
def residual_file(
    source: StackSource, target: Path, rules: ImageRules, name: Path
) -> Iterator[TiffStackWriter]:
    """Yield the writer of what was taken away from the planes; arguments as of `clean_file`."""

    def metadata_of(position: int) -> Metadata:
        metadata = source.plane(position).metadata
        return metadata.stripped() if rules.strip_metadata else metadata

    with _writing(source, target, metadata_of, 1, name) as writer:
        yield writer


@contextmanager
def _writing(
    source: StackSource,
    target: Path,
    metadata_of: Callable[[int], Metadata],
    scale: int,
    name: Path,
) -> Iterator[TiffStackWriter]:
    """Yield the writer; finish the file on success, give it up on any exception."""
    first = source.plane(0)
    stack = source.stack

    def tags_of(position: int) -> tuple[Tag, ...]:
        metadata = metadata_of(position)
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
