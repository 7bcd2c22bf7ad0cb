"""What an AVIF file says besides its pixels, and how it holds them."""

from __future__ import annotations

import dataclasses
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.images.boxes.box import Box
from imgclean.images.boxes.items import Item
from imgclean.images.metadata.enlarged import enlarged_exif

if TYPE_CHECKING:
    from imgclean.images.boxes.items import ItemFile
    from imgclean.images.picture import Metadata

UNSPECIFIED = 2
"""Of primaries, transfer and matrix."""

_XMP_TYPE = b"application/rdf+xml"
_DESCRIBES = b"cdsc"
# Properties that follow from how pixels are held, or that an orientation is written as.
_ON_PIXELS = frozenset(
    (b"ispe", b"pixi", b"av1C", b"auxC", b"irot", b"imir", b"a1op", b"a1lx", b"lsel")
)
_ORIENTATIONS = {  # by quarter turns to the left, and which sides are exchanged then
    (0, None): 1,
    (0, 1): 2,
    (2, None): 3,
    (0, 0): 4,
    (1, 0): 5,
    (3, None): 6,
    (3, 0): 7,
    (1, None): 8,
    (2, 0): 2,
    (2, 1): 4,
    (3, 1): 5,
    (1, 1): 7,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """What numbers stand for which colours (ITU-T H.273), and how many of them are kept.

    Attributes:
        primaries, transfer, matrix: code points.
        subsampling: of chroma: `yuv444`, `yuv422`, `yuv420` or `yuv400`.
    """

    primaries: int
    transfer: int
    matrix: int
    subsampling: str


@dataclass(frozen=True, slots=True)
class AvifRecord:
    """How an AVIF file holds its pixels, and what it says besides.

    Attributes:
        lossless: whether its pixels were held without loss.
        colour: how.
        properties: kept descriptions of the image, each with whether it must be understood; None
            if stripped.
        items: EXIF, XMP and other items about the image.
    """

    lossless: bool
    colour: Colour
    properties: tuple[tuple[Box, bool], ...] | None = None
    items: tuple[Item, ...] = ()

    def stripped(self) -> AvifRecord:
        """Return the record without what the file says."""
        return AvifRecord(self.lossless, self.colour)

    def enlarged(self, scale: int) -> AvifRecord:
        """Return the record with the densities and sizes of the enlarged image."""
        items = tuple(_enlarged(each, scale) for each in self.items)
        return dataclasses.replace(self, items=items)


def kept_properties(shown: Item) -> tuple[tuple[Box, bool], ...]:
    """Return what a file says on its image besides how it is held."""
    return tuple(
        (box, essential)
        for box, essential in shown.properties
        if box.kind not in _ON_PIXELS and not (box.kind == b"colr" and box.body[:4] == b"nclx")
    )


def kept_items(file: ItemFile) -> tuple[Item, ...]:
    """Return the items about the image to be shown: EXIF, XMP and others."""
    return tuple(
        Item(each.number, each.kind, each.name, each.body)
        for each in file.items.values()
        if each.refers(_DESCRIBES, file.primary)
    )


def exif_in(items: tuple[Item, ...]) -> bytes | None:
    """Return the EXIF block among items, from its TIFF header on."""
    body = next((each.body for each in items if each.kind == b"Exif"), b"")
    start = 4 + int.from_bytes(body[:4])
    return body[start:] or None


def _enlarged(item: Item, scale: int) -> Item:
    block = exif_in((item,))
    if block is None:
        return item
    head = item.body[: len(item.body) - len(block)]
    return dataclasses.replace(item, body=head + (enlarged_exif(block, scale) or b""))


def xmp_in(items: tuple[Item, ...]) -> bytes | None:
    """Return the XMP packet among items."""
    return next((each.body for each in items if _is_xmp(each)), None)


def profile_in(properties: tuple[tuple[Box, bool], ...]) -> bytes | None:
    """Return the colour profile among properties."""
    profiles = (
        bytes(box.body[4:])
        for box, _ in properties
        if box.kind == b"colr" and box.body[:4] in (b"prof", b"rICC")
    )
    return next(profiles, None)


def orientation_of(shown: Item) -> int:
    """Return how the image is to be turned, as EXIF has it."""
    turns = (shown.described(b"irot") or b"\x00")[0] & 3
    mirror = shown.described(b"imir")
    return _ORIENTATIONS[(turns, mirror[0] & 1 if mirror else None)]


def orientation_properties(orientation: int) -> list[tuple[Box, bool]]:
    """Return the properties that say how the image is to be turned."""
    turns, mirror = next(how for how, number in _ORIENTATIONS.items() if number == orientation)
    turned = [(Box(b"irot", bytes([turns])), True)] if turns else []
    return turned + ([] if mirror is None else [(Box(b"imir", bytes([mirror])), True)])


def general_record(record: AvifRecord, metadata: Metadata) -> AvifRecord:
    """Return the record with what `metadata` says in general; there is no place for IPTC."""
    items = []
    if metadata.exif:
        items.append(Item(0, b"Exif", b"\x00", struct.pack(">I", 0) + metadata.exif))
    profile = ((Box(b"colr", b"prof" + metadata.icc), False),) if metadata.icc else ()
    return with_xmp(
        dataclasses.replace(record, properties=profile, items=tuple(items)), metadata.xmp
    )


def with_xmp(record: AvifRecord, xmp: bytes | None) -> AvifRecord:
    """Return the record with that packet in place of its own."""
    if xmp is None or xmp == xmp_in(record.items):
        return record
    packet = Item(0, b"mime", b"\x00" + _XMP_TYPE + b"\x00", xmp)
    others = tuple(each for each in record.items if not _is_xmp(each))
    return dataclasses.replace(record, items=(*others, packet))


def numbered(record: AvifRecord, first: int, primary: int) -> list[Item]:
    """Return the record's items with numbers from `first` on, as being about `primary`."""
    about = [(_DESCRIBES, (primary,))]
    return [
        Item(number, each.kind, each.name, each.body, references=list(about))
        for number, each in enumerate(record.items, first)
    ]


def _is_xmp(item: Item) -> bool:
    return item.kind == b"mime" and item.content_type == _XMP_TYPE
