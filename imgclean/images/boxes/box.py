"""The boxes that JPEG 2000, JPEG XL, AVIF and HEIF files are made of.

ISO/IEC 14496-12, clause 4.2, and ISO/IEC 15444-1, annex I.4, describe the same form.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterable

Content = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        kind: four characters.
        body: content, a view of the file where it was read from one.
    """

    kind: bytes
    body: Content


def read_boxes(data: Content) -> list[Box]:
    """Return the boxes that `data` consists of.

    Raises:
        UnreadableImage: it ends inside a box, or something that is no box follows one.
    """
    view = memoryview(data)
    boxes, position = [], 0
    while position < len(view):
        head = _head(view, position)
        length, kind, begin = head
        end = position + length if length else len(view)  # 0: up to the end
        if end > len(view):
            raise UnreadableImage(f"truncated: it ends inside a box {_printed(kind)}")
        if end < begin:
            raise UnreadableImage(f"damaged: a box {_printed(kind)} is shorter than its head")
        boxes.append(Box(kind, view[begin:end]))
        position = end
    return boxes


def write_box(box: Box) -> bytes:
    """Return the bytes of a box."""
    length = len(box.body) + 8
    if length >= 1 << 32:
        return struct.pack(">I4sQ", 1, box.kind, length + 8) + box.body
    return struct.pack(">I4s", length, box.kind) + box.body


def write_boxes(boxes: Iterable[Box]) -> bytes:
    """Return the bytes of boxes, one after the other."""
    return b"".join(map(write_box, boxes))


def first_body(boxes: Iterable[Box], kind: bytes) -> bytes | None:
    """Return the content of the first box of a kind; None if there is none."""
    return next((bytes(each.body) for each in boxes if each.kind == kind), None)


def _head(view: memoryview, position: int) -> tuple[int, bytes, int]:
    """Return the length, the kind and where the body begins; a length of 0 means up to the end."""
    if len(view) < position + 8:
        raise UnreadableImage("truncated: it ends inside the head of a box")
    length, kind = struct.unpack_from(">I4s", view, position)
    if length != 1:
        return length, kind, position + 8
    if len(view) < position + 16:
        raise UnreadableImage("truncated: it ends inside the head of a box")
    return struct.unpack_from(">Q", view, position + 8)[0], kind, position + 16


def _printed(kind: bytes) -> str:
    return ascii(kind.decode("latin-1")).strip("'")
