"""How large an image may be."""

from __future__ import annotations

from imgclean.errors import UnreadableImage, UnsupportedImage

MAXIMUM_PIXELS = 300_000_000
"""Images with more pixels are refused by their header, before memory is taken for them."""

MAXIMUM_FILE_BYTES = 6_000_000_000
"""No image of `MAXIMUM_PIXELS` pixels needs a larger file."""


def check_size(width: int, height: int) -> None:
    """Refuse an image that is empty or too large to be decoded as a whole.

    Raises:
        UnreadableImage: a side is zero.
        UnsupportedImage: there are more than `MAXIMUM_PIXELS` pixels.
    """
    if width < 1 or height < 1:
        raise UnreadableImage(f"its header says {width} x {height} pixels")
    if width * height > MAXIMUM_PIXELS:
        raise UnsupportedImage(
            f"{width} x {height} pixels are more than {MAXIMUM_PIXELS // 1_000_000} megapixels",
            hint="cut the image into parts, or check whether the file is what it claims to be",
        )
