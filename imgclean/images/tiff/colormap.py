"""The colormaps of TIFF's palette images (TIFF 6.0, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from imgclean.images.tiff.tags import Layout, Tag

_COLORMAP = 320


def colours_of(tags: tuple[Tag, ...], layout: Layout, bits: int) -> bytes:
    """Return red, green and blue, 8 bits each, of every value that a sample can have.

    Colormaps have 16 bits, of which the high ones are taken; a map with no value above 255 was
    written with 8, against the specification.

    Args:
        tags: of the image's directory.
        layout: the file's.
        bits: of a sample.

    Raises:
        UnreadableImage: there is no colormap, or one of another size.
    """
    tag = next((tag for tag in tags if tag.code == _COLORMAP), None)
    entries = np.array(() if tag is None else tag.numbers(layout), np.uint16)
    if entries.size != 3 << bits:
        raise UnreadableImage(f"damaged: {entries.size // 3} colours for {1 << bits} values")
    if entries.max() > 255:
        entries >>= 8
    return entries.astype(np.uint8).reshape(3, -1).T.tobytes()
