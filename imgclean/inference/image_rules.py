"""What is done with an image around the denoising."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting
from imgclean.extension.requests import Window
from imgclean.images.limits import MAXIMUM_PIXELS, ReadRules

if TYPE_CHECKING:
    from imgclean.images.page_choice import PageChoice
    from imgclean.images.range_choice import RangeChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """What the command line's options of the same names say.

    Attributes:
        range: which sample values become 0 and 1.
        pages, channels: the planes of a stack to take; None for all.
        crop: the part of each image to take; None for all of it.
        strip_metadata: write nothing but the colour profile and the orientation.
        provenance: note model, weights and version in the clean image's XMP history.
        again: clean also what carries such a note.
        max_pixels: the largest image that is decoded as a whole.
    """

    range: RangeChoice = "auto"
    pages: PageChoice | None = None
    channels: PageChoice | None = None
    crop: Window | None = None
    strip_metadata: bool = False
    provenance: bool = True
    again: bool = False
    max_pixels: int = MAXIMUM_PIXELS

    @property
    def reading(self) -> ReadRules:
        """What of it concerns the reader."""
        first = self.pages is not None and self.pages.numbers == (1,)
        return ReadRules(max_pixels=self.max_pixels, first_page=first)


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
