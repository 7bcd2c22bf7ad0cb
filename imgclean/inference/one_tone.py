"""Black and white images that are stored in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.extension.requests import Window

if TYPE_CHECKING:
    from imgclean.extension.requests import Raster

_ROWS = 256
_COLOURS = 3


def is_one_tone(raster: Raster) -> bool:
    """Return whether red, green and blue are the same everywhere; of a colour image soon.

    All of a one-tone image is read for it. A plane of a stack on disk is so decoded twice, once
    here and once to be cleaned, rather than held in memory.

    Args:
        raster: of any channel count; only three channels can be one tone.
    """
    channels, height, width = raster.shape
    if channels != _COLOURS:
        return False
    for top in range(0, height, _ROWS):
        red, green, blue = raster.read(Window(0, top, width, min(_ROWS, height - top)))
        if not ((red == green).all() and (green == blue).all()):
            return False
    return True
