"""What is done with an image around the denoising."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting, UnsupportedImage
from imgclean.extension.requests import Window
from imgclean.images.limits import MAXIMUM_PIXELS, ReadRules

if TYPE_CHECKING:
    from imgclean.images.page_choice import PageChoice
    from imgclean.images.picture import Picture
    from imgclean.images.range_choice import RangeChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """What the command line's options of the same names say.

    Attributes:
        range: which sample values become 0 and 1.
        pages, channels: the planes of a stack to take; None for all.
        crop: the part of each image to take; None for all of it.
        multiple: what is left over of a multiple of this many pixels is cut off, at the right and
            at the bottom.
        strip_metadata: write nothing but the colour profile and the orientation.
        provenance: note model, weights and version in the clean image's XMP history.
        again: clean also what carries such a note.
        max_pixels: the largest image that is decoded as a whole.
    """

    range: RangeChoice = "auto"
    pages: PageChoice | None = None
    channels: PageChoice | None = None
    crop: Window | None = None
    multiple: int = 1
    strip_metadata: bool = False
    provenance: bool = True
    again: bool = False
    max_pixels: int = MAXIMUM_PIXELS

    @property
    def reading(self) -> ReadRules:
        """What of it concerns the reader."""
        first = self.pages is not None and self.pages.numbers == (1,)
        return ReadRules(max_pixels=self.max_pixels, first_page=first)

    @property
    def shaping(self) -> dict[str, object]:
        """What of it shapes the clean image, as JSON can hold it."""
        shaping = dataclasses.asdict(self)
        del shaping["again"], shaping["max_pixels"], shaping["multiple"]
        return shaping

    def choose_from(self, picture: Picture) -> Picture:
        """Return what is wanted of a single image, which is page 1 and channel 1.

        Raises:
            UnsupportedImage: another page or channel is wanted, or a part beyond its border.
        """
        for choice, kind in ((self.pages, "page"), (self.channels, "channel")):
            if choice is not None:
                choice.indices(1, kind)
        part = self.part_of(picture.width, picture.height)
        if part is None:
            return picture
        rows, columns = slice(part.y, part.y + part.height), slice(part.x, part.x + part.width)
        return dataclasses.replace(picture, samples=picture.samples[rows, columns])

    def part_of(self, width: int, height: int) -> Window | None:
        """Return what is wanted of an image of this size; None for all of it.

        Raises:
            UnsupportedImage: the image has no such part.
        """
        if self.crop is not None:
            require_inside(self.crop, width, height)
            return self.crop
        if self.multiple == 1:
            return None
        if min(width, height) < self.multiple:
            raise UnsupportedImage(f"its {width} x {height} pixels are fewer than {self.multiple}")
        return Window(0, 0, width - width % self.multiple, height - height % self.multiple)


def require_inside(crop: Window, width: int, height: int) -> None:
    """Refuse a part that is not inside an image.

    Raises:
        UnsupportedImage: it reaches beyond.
    """
    if crop.x + crop.width > width or crop.y + crop.height > height:
        raise UnsupportedImage(
            f"--crop reaches beyond its {width} x {height} pixels",
            hint="choose a part inside, as X,Y,W,H",
        )


def parse_crop(text: str) -> Window:
    """Return what `--crop X,Y,W,H` says.

    Raises:
        InvalidSetting: it is not four numbers, or the part is empty.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(part.isdecimal() for part in parts):
        raise InvalidSetting(f"--crop {text}", hint="X,Y,W,H in pixels, as 100,200,512,512")
    x, y, width, height = map(int, parts)
    if not (width and height):
        raise InvalidSetting(f"--crop {text} is empty")
    return Window(x, y, width, height)
