"""How large an image may be."""

from __future__ import annotations

from dataclasses import dataclass

from imgclean.errors import UnreadableImage, UnsupportedImage

MAXIMUM_PIXELS = 300_000_000

_BYTES_PER_PIXEL = 32  # no sound file needs more: four float64 samples, uncompressed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRules:
    """What the command line says about reading an image.

    Attributes:
        max_pixels: images with more pixels are refused by their header, before memory is taken
            for them.
        first_page: of an animation or of several photos in one file, take the first rather than
            refuse the file.
    """

    max_pixels: int = MAXIMUM_PIXELS
    first_page: bool = False

    @property
    def max_file_bytes(self) -> int:
        """How large a file is read as a whole."""
        return self.max_pixels * _BYTES_PER_PIXEL


READ_ALL = ReadRules()
"""What holds where nobody says otherwise."""


def check_size(width: int, height: int, rules: ReadRules) -> None:
    """Refuse an image that is empty or too large to be decoded as a whole.

    Raises:
        UnreadableImage: a side is zero.
        UnsupportedImage: there are more pixels than the rules allow.
    """
    if width < 1 or height < 1:
        raise UnreadableImage(f"its header says {width} x {height} pixels")
    if width * height > rules.max_pixels:
        raise UnsupportedImage(
            f"{width} x {height} pixels are more than {rules.max_pixels / 1e6:g} megapixels",
            hint="check that the file is what it claims to be; --max-pixels raises the limit",
        )
