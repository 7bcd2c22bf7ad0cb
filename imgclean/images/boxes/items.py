"""The items in the `meta` box of AVIF and HEIF files: images, EXIF, XMP and what belongs to them.

ISO/IEC 14496-12, clause 8.11, and ISO/IEC 23008-12, clause 9.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from imgclean.errors import UnreadableImage
from imgclean.images.boxes.box import Box, first_body, read_boxes
from imgclean.images.boxes.locations import read_locations

_INFO_VERSIONS = {2: ">HH4s", 3: ">IH4s"}


@dataclass(slots=True)
class Item:
    """One item.

    Attributes:
        number: its own.
        kind: four characters: `av01`, `grid`, `Exif`, `mime`...
        name: what follows the kind: names and content types that each end in a zero.
        body: content.
        properties: descriptive boxes, each with whether it has to be understood.
        references: kinds of relations to the items of these numbers.
    """

    number: int
    kind: bytes
    name: bytes = b"\x00"
    body: bytes = b""
    properties: list[tuple[Box, bool]] = field(default_factory=list)
    references: list[tuple[bytes, tuple[int, ...]]] = field(default_factory=list)

    def described(self, kind: bytes) -> bytes | None:
        """Return the content of the first property of a kind; None if there is none."""
        return first_body((box for box, _ in self.properties), kind)

    def refers(self, kind: bytes, number: int) -> bool:
        """Whether it has a relation of that kind to an item."""
        return any(name == kind and number in numbers for name, numbers in self.references)

    @property
    def content_type(self) -> bytes:
        """What kind of text an item of the kind `mime` is."""
        return self.name.split(b"\x00")[1] if b"\x00" in self.name else b""


@dataclass(frozen=True, slots=True)
class ItemFile:
    """The items of a file.

    Attributes:
        primary: number of the item to be shown.
        items: by number.
    """

    primary: int
    items: dict[int, Item]

    @property
    def shown(self) -> Item:
        """The item to be shown."""
        return self.items[self.primary]


def read_items(data: bytes, boxes: list[Box]) -> ItemFile:
    """Return the items that a file's `meta` box lists, with their contents.

    Args:
        data: the file.
        boxes: its boxes.

    Raises:
        UnreadableImage: it is damaged, or ends inside an item.
    """
    meta = first_body(boxes, b"meta")
    if meta is None:
        raise UnreadableImage("truncated or damaged: it has no meta box")
    inner = read_boxes(meta[4:])
    try:
        items = _read_infos(first_body(inner, b"iinf") or b"")
        _read_references(first_body(inner, b"iref") or b"", items)
        _read_properties(first_body(inner, b"iprp") or b"", items)
        locations = read_locations(first_body(inner, b"iloc") or b"")
        primary = _read_primary(first_body(inner, b"pitm") or b"")
    except (struct.error, IndexError) as error:
        raise UnreadableImage("damaged: a box in its meta box is too short") from error
    if primary not in items:
        raise UnreadableImage("damaged: it has no primary image")
    inline = first_body(inner, b"idat") or b""
    for number, location in locations.items():
        if number in items:
            items[number].body = location.content(data, inline)
    return ItemFile(primary, items)


def _read_primary(body: bytes) -> int:
    return int(struct.unpack_from(">I" if body[0] else ">H", body, 4)[0])


def _read_infos(body: bytes) -> dict[int, Item]:
    found = {}
    for box in read_boxes(body[8 if body[0] else 6 :]):
        form = _INFO_VERSIONS.get(box.body[0])
        if box.kind == b"infe" and form is not None:
            number, _, kind = struct.unpack_from(form, box.body, 4)
            found[number] = Item(number, kind, bytes(box.body[4 + struct.calcsize(form) :]))
    return found


def _read_references(body: bytes, items: dict[int, Item]) -> None:
    letter = "I" if body[:1] == b"\x01" else "H"
    for box in read_boxes(body[4:]):
        source, count = struct.unpack_from(f">{letter}H", box.body)
        start = struct.calcsize(f">{letter}H")
        numbers = struct.unpack_from(f">{count}{letter}", box.body, start)
        if source in items:
            items[source].references.append((box.kind, numbers))


def _read_properties(body: bytes, items: dict[int, Item]) -> None:
    boxes = read_boxes(body)
    known = [Box(b.kind, bytes(b.body)) for b in read_boxes(first_body(boxes, b"ipco") or b"")]
    for box in boxes:
        if box.kind == b"ipma":
            _read_associations(bytes(box.body), known, items)


def _read_associations(body: bytes, known: list[Box], items: dict[int, Item]) -> None:
    version, wide = body[0], body[3] & 1
    number_form = ">I" if version else ">H"
    entry_form, essential_bit = (">H", 1 << 15) if wide else (">B", 1 << 7)
    (count,) = struct.unpack_from(">I", body, 4)
    position = 8
    for _ in range(count):
        (number,) = struct.unpack_from(number_form, body, position)
        position += struct.calcsize(number_form)
        entries = body[position]
        position += 1
        for _ in range(entries):
            (entry,) = struct.unpack_from(entry_form, body, position)
            position += struct.calcsize(entry_form)
            index = entry & (essential_bit - 1)
            if index and number in items:
                property_box = known[index - 1]
                items[number].properties.append((property_box, bool(entry & essential_bit)))
