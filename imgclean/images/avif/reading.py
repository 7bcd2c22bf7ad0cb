"""Reads from an AVIF file's items what is said of the image, and how it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage
from imgclean.images.avif.record import (
    UNSPECIFIED,
    AvifRecord,
    Colour,
    exif_in,
    kept_items,
    kept_properties,
    orientation_of,
    profile_in,
    xmp_in,
)
from imgclean.images.boxes.orientation import with_orientation
from imgclean.images.boxes.profile import profile_for
from imgclean.images.picture import Metadata

if TYPE_CHECKING:
    from imgclean.images.boxes.items import Item, ItemFile

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_LOSSLESS_MATRICES = (0, 16, 17)  # RGB as it is, and the two that YCgCo-R has


def metadata_of(file: ItemFile, *, gray: bool, subsampling: str) -> Metadata:
    """Return what a file says, in general terms and as a record."""
    items, properties = kept_items(file), kept_properties(file.shown)
    colour = _read_colour(file.shown, subsampling)
    lossless = gray or (colour.matrix in _LOSSLESS_MATRICES and subsampling == "yuv444")
    return Metadata(
        icc=profile_in(properties) or profile_for(colour.primaries, colour.transfer),
        exif=with_orientation(exif_in(items), orientation_of(file.shown)),
        xmp=xmp_in(items),
        own=AvifRecord(lossless, colour, properties, items),
    )


def _read_colour(shown: Item, subsampling: str) -> Colour:
    """Return what the `nclx` property says, or that it says nothing."""
    for box, _ in shown.properties:
        if box.kind == b"colr" and box.body[:4] == b"nclx" and len(box.body) >= 10:
            numbers = [int.from_bytes(box.body[at : at + 2]) for at in (4, 6, 8)]
            break
    else:
        numbers = [UNSPECIFIED] * 3
    return Colour(
        primaries=numbers[0], transfer=numbers[1], matrix=numbers[2], subsampling=subsampling
    )


def read_configuration(file: ItemFile) -> tuple[int, bool, str]:
    """Return bits of a sample, whether the image is gray, and its chroma subsampling."""
    holder = file.shown
    tiles = [numbers for kind, numbers in holder.references if kind == b"dimg"]
    if holder.kind == b"grid" and tiles and tiles[0]:
        holder = file.items.get(tiles[0][0], holder)
    configuration = holder.described(b"av1C")
    if configuration is None or len(configuration) < 4:
        raise UnreadableImage("damaged: it does not state how its pixels are held")
    flags = configuration[2]
    depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    subsampling = {0: "yuv444", 0x08: "yuv422", 0x0C: "yuv420"}.get(flags & 0x0C, "yuv444")
    return depth, bool(flags & 0x10), subsampling


def has_alpha(file: ItemFile) -> bool:
    """Whether one of the items is the alpha of the image to be shown."""
    return any(
        item.refers(b"auxl", file.primary)
        and (item.described(b"auxC") or b"")[4:].split(b"\x00")[0] in _ALPHA
        for item in file.items.values()
    )
