"""Writes an AVIF file of items (ISO/IEC 14496-12, clause 8.11; AV1 Image File Format)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from imgclean.images.boxes.box import Box, write_box, write_boxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.images.boxes.items import Item

_ESSENTIAL = 0x80
_PLAIN = bytes(4)  # version 0, no flags
_HANDLER = Box(b"hdlr", _PLAIN + bytes(4) + b"pict" + bytes(13))


def write_items(file_type: bytes, primary: int, items: Sequence[Item]) -> bytes:
    """Return a file.

    Args:
        file_type: the content of its `ftyp` box.
        primary: number of the item to be shown.
        items: all of them; their numbers are below 65536.
    """
    begin = write_box(Box(b"ftyp", file_type))
    length = len(begin) + len(write_box(_meta(primary, items, 0)))
    meta = write_box(_meta(primary, items, length + 8))
    content = Box(b"mdat", b"".join(item.body for item in items))
    return begin + meta + write_box(content)


def _meta(primary: int, items: Sequence[Item], start: int) -> Box:
    infos = [
        Box(
            b"infe",
            b"\x02\x00\x00\x00" + struct.pack(">HH", each.number, 0) + each.kind + each.name,
        )
        for each in items
    ]
    boxes = [
        _HANDLER,
        Box(b"pitm", _PLAIN + struct.pack(">H", primary)),
        _locations(items, start),
        Box(b"iinf", _PLAIN + struct.pack(">H", len(infos)) + write_boxes(infos)),
        *_references(items),
        _properties(items),
    ]
    return Box(b"meta", _PLAIN + write_boxes(boxes))


def _locations(items: Sequence[Item], start: int) -> Box:
    """Return where contents lie that follow each other from `start` on."""
    entries = []
    for item in items:
        entries.append(struct.pack(">HHHII", item.number, 0, 1, start, len(item.body)))
        start += len(item.body)
    # Offsets and lengths of four bytes, no base offset.
    return Box(b"iloc", _PLAIN + b"\x44\x00" + struct.pack(">H", len(items)) + b"".join(entries))


def _references(items: Sequence[Item]) -> list[Box]:
    boxes = [
        Box(kind, struct.pack(f">HH{len(numbers)}H", item.number, len(numbers), *numbers))
        for item in items
        for kind, numbers in item.references
    ]
    return [Box(b"iref", _PLAIN + write_boxes(boxes))] if boxes else []


def _properties(items: Sequence[Item]) -> Box:
    known: list[Box] = []
    entries = []
    described = [item for item in items if item.properties]
    for item in described:
        entries.append(struct.pack(">HB", item.number, len(item.properties)))
        for box, essential in item.properties:
            if box not in known:
                known.append(box)
            entries.append(bytes([known.index(box) + 1 | _ESSENTIAL * essential]))
    associations = _PLAIN + struct.pack(">I", len(described)) + b"".join(entries)
    return Box(b"iprp", write_boxes((Box(b"ipco", write_boxes(known)), Box(b"ipma", associations))))
