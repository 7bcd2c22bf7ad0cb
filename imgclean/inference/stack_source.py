"""A TIFF stack with what is wanted of it: which planes, which part of each."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from imgclean.extension.requests import Window
from imgclean.images.alpha import ColourOf
from imgclean.images.limits import check_size
from imgclean.images.pixels import range_of_batches
from imgclean.images.rasters import Cropped
from imgclean.images.tiff.codec import picture_of
from imgclean.images.tiff.stack import TiffStack
from imgclean.images.tiff.stack_writer import LARGEST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from imgclean.images.picture import Metadata, Picture
    from imgclean.images.pixels import SampleRange
    from imgclean.images.rasters import Samples
    from imgclean.images.tiff.record import TiffRecord
    from imgclean.inference.image_rules import ImageRules

_BATCH_ROWS = 256


@dataclasses.dataclass(frozen=True, slots=True)
class Plane:
    """One image of a stack.

    Attributes:
        number: in the file, from 0 on.
        samples: (H, W, C), alpha last.
        record: how it is held, and its tags.
        like: a picture of one pixel that is as this one: its space, alpha, highest value
            and metadata.
    """

    number: int
    samples: Samples
    record: TiffRecord
    like: Picture

    @property
    def metadata(self) -> Metadata:
        """What the file says of it."""
        return self.like.metadata


class StackSource:
    """The planes of a TIFF file that are wanted.

    Args:
        stack: the file; closed by `close`.
        path: where it is.
        rules: what is wanted.

    Attributes:
        planes: their numbers in the file, from 0 on.
        on_close: called when the file is closed.

    Raises:
        UnsupportedImage: a page or channel that is wanted is not there.
    """

    def __init__(self, stack: TiffStack, path: Path, rules: ImageRules) -> None:
        self.stack = stack
        self.path = path
        self.planes = stack.axes.choose(rules.pages, rules.channels)
        self._rules = rules
        self.on_close: Callable[[], object] | None = None
        self._ranges: dict[object, SampleRange] = {}

    def __len__(self) -> int:
        return len(self.planes)

    @property
    def pixels(self) -> int:
        """Pixels of all wanted planes."""
        if self._rules.crop is not None:
            return len(self) * self._rules.crop.width * self._rules.crop.height
        return sum(self.stack.plane_pixels(plane) for plane in self.planes)

    @property
    def is_whole(self) -> bool:
        """Whether all planes are wanted."""
        return len(self.planes) == len(self.stack)

    @property
    def is_one_picture(self) -> bool:
        """Whether a single plane is wanted, and it fits into memory easily."""
        return len(self) == 1 and self.stack.plane_bytes(self.planes[0]) <= LARGEST_AT_ONCE

    @property
    def xmp(self) -> bytes | None:
        """The XMP packet of the first page."""
        return self.stack.xmp

    def plane(self, position: int) -> Plane:
        """Return one of the wanted planes.

        Raises:
            UnreadableImage, UnsupportedImage: it is damaged, not handled, or smaller than what
                is wanted of it.
        """
        number = self.planes[position]
        read, record = self.stack.plane(number)
        if position == 0 and not self.is_whole:
            record = self.stack.record_of_choice(record, self.planes)
        samples: Samples = read
        part = self._rules.part_of(read.shape[1], read.shape[0])
        if part is not None:
            samples = Cropped(read, part)
        like = picture_of(read.probe, record)
        return Plane(number, samples, record, like)

    def picture(self) -> Picture:
        """Return the first wanted plane as a picture, for another format say.

        Raises:
            UnsupportedImage: it is too large.
        """
        plane = self.plane(0)
        height, width, _ = plane.samples.shape
        check_size(width, height, self._rules.reading)
        samples = plane.samples.read(Window(0, 0, width, height))
        return dataclasses.replace(plane.like, samples=samples)

    def range_of(self, plane: Plane) -> SampleRange:
        """Return which samples become 0 and 1: the same for all planes of one channel.

        Raises:
            UnreadableImage: there is a NaN or an infinity among them.
        """
        key = self._kind(plane)
        if key not in self._ranges:
            like = plane.like
            self._ranges[key] = range_of_batches(
                lambda: self._batches(key),
                like.dtype,
                like.channels,
                self._rules.range,
                highest=like.highest,
            )
        return self._ranges[key]

    def close(self) -> None:
        """Close the file."""
        self.stack.close()
        if self.on_close is not None:
            self.on_close()

    def _kind(self, plane: Plane) -> tuple[object, ...]:
        _, channel = self.stack.axes.positions[plane.number]
        return channel, plane.like.dtype, plane.like.space, plane.like.channels

    def _batches(self, key: tuple[object, ...]) -> Iterator[NDArray[Any]]:
        """Yield the colours of all planes of a kind, some rows at a time."""
        for position in range(len(self)):
            if self.stack.axes.positions[self.planes[position]][1] != key[0]:
                continue
            plane = self.plane(position)
            if self._kind(plane) != key:
                continue
            alpha = plane.like.alpha
            colours = ColourOf(plane.samples, hidden=False) if alpha else plane.samples
            height, width, _ = colours.shape
            for y in range(0, height, _BATCH_ROWS):
                yield colours.read(Window(0, y, width, min(_BATCH_ROWS, height - y)))


def open_stack(path: Path, rules: ImageRules) -> StackSource:
    """Open a TIFF file.

    Raises:
        UnreadableImage, UnsupportedImage: see `TiffStack` and `StackSource`.
    """
    stack = TiffStack(path, rules.reading)
    try:
        return StackSource(stack, path, rules)
    except BaseException:
        stack.close()
        raise
