"""The orientation that an EXIF block states, for formats that have a statement of their own."""

from __future__ import annotations

import struct

from imgclean.images.metadata.exif import exif_block, exif_tags
from imgclean.images.tiff.tags import SHORT, Tag

_ORIENTATION = 274


def orientation_in(exif: bytes | None) -> int:
    """Return what an EXIF block says on orientation, 1 to 8; 1 if it says nothing."""
    layout, tags = exif_tags(exif or b"")
    for tag in tags:
        if (tag.code, tag.type, len(tag.value)) == (_ORIENTATION, SHORT, 2):
            (stated,) = tag.numbers(layout)
            return stated if 1 <= stated <= 8 else 1
    return 1


def with_orientation(exif: bytes | None, orientation: int) -> bytes | None:
    """Return an EXIF block that states an orientation, 1 to 8, and otherwise what `exif` does.

    A statement that is there is changed where it stands. Otherwise the first directory is written
    anew with one more; where none is needed, `exif` comes back as it is.
    """
    if orientation_in(exif) == orientation:
        return exif
    layout, tags = exif_tags(exif or b"")
    stated = struct.pack(layout.order + "H", orientation)
    position = None if exif is None else _place(exif, layout.order)
    if exif is not None and position is not None:
        return exif[:position] + stated + exif[position + 2 :]
    others = [tag for tag in tags if tag.code != _ORIENTATION]
    return exif_block([*others, Tag(_ORIENTATION, SHORT, stated)], layout)


def _place(exif: bytes, order: str) -> int | None:
    """Return where the number stands in the block; None if it is not there."""
    if len(exif) < 8:
        return None
    (start,) = struct.unpack_from(order + "I", exif, 4)
    if start + 2 > len(exif):
        return None
    (count,) = struct.unpack_from(order + "H", exif, start)
    for position in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        if struct.unpack_from(order + "HHI", exif, position) == (_ORIENTATION, SHORT, 1):
            return position + 8
    return None
