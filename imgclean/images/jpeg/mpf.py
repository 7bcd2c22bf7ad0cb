"""The directory of further images behind the first one in a JPEG file (CIPA DC-007).

Cameras put previews there, telephones a gain map. Both stay as they are, and only the
directory's offsets follow them. Further photos, as the views of a 3D photo, would have to be
cleaned too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from imgclean.errors import UnreadableImage
from imgclean.images.jpeg.segments import APP2
from imgclean.images.tiff.directory import read_directory, read_header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.images.jpeg.segments import Segment

_MPF = b"MPF\x00"
_SEGMENT_HEAD = 4  # marker and length
_ENTRIES = 0xB002
_ENTRY = "III4x"  # attributes, size, offset
_CLASS, _PREVIEW, _UNDEFINED = 0xFF0000, 0x010000, 0
_GAIN_MAP_MARKS = (b"hdr-gain-map", b"hdrgainmap", b"urn:iso:std:iso:ts:21496:-1")


@dataclass(frozen=True, slots=True)
class MultiPicture:
    """Where the images behind the first one are.

    Attributes:
        order: byte order of the directory.
        entries: attributes, size and offset of each image, the first image first.
        base: byte of the file from which offsets count.
        end: where the first image ends.
        photos: whether there is more than previews and gain maps.
    """

    order: Literal["<", ">"]
    entries: bytes
    base: int
    end: int
    photos: bool

    def moved(self, payload: bytes, *, segment_start: int, end: int) -> bytes:
        """Return the segment's payload for a file in which it and the images lie elsewhere.

        Args:
            payload: as it was read.
            segment_start: where the segment will begin.
            end: where the first image will end.
        """
        base = segment_start + _SEGMENT_HEAD + len(_MPF)
        shift = (end - base) - (self.end - self.base)
        layout = struct.Struct(self.order + _ENTRY)
        entries = bytearray(self.entries)
        for position in range(0, len(entries) - layout.size + 1, layout.size):
            attributes, size, offset = layout.unpack_from(entries, position)
            # The first image's offset is 0 by definition; pad bytes are the images' dependencies.
            new = (end, 0) if position == 0 else (size, (offset + shift) % (1 << 32))
            struct.pack_into(self.order + "III", entries, position, attributes, *new)
        return payload.replace(self.entries, bytes(entries), 1)


def is_multi_picture(marker: int, payload: bytes) -> bool:
    """Whether a segment is the directory."""
    return marker == APP2 and payload.startswith(_MPF)


def find_multi_picture(segments: Sequence[Segment], data: bytes) -> MultiPicture | None:
    """Return the directory of a file's further images; None if it has none."""
    segment = next((e for e in segments if is_multi_picture(e.marker, e.payload)), None)
    if segment is None:
        return None
    block = segment.payload[len(_MPF) :]
    try:
        header = read_header(block)
        tags = read_directory(block, header.first, header.layout).tags
    except UnreadableImage:
        return None  # the first image is sound all the same
    order = header.layout.order
    layout = struct.Struct(order + _ENTRY)
    entries = next((tag.value for tag in tags if tag.code == _ENTRIES), b"")
    entries = entries[: len(entries) // layout.size * layout.size]
    classes = {each[0] & _CLASS for each in list(layout.iter_unpack(entries))[1:]}
    base = segment.start + _SEGMENT_HEAD + len(_MPF)
    return MultiPicture(
        order,
        entries,
        base,
        end=segments[-1].end,
        photos=bool(classes - {_PREVIEW, _UNDEFINED})
        or (_UNDEFINED in classes and not _has_gain_map(data)),
    )


def _has_gain_map(data: bytes) -> bool:
    return any(mark in data for mark in _GAIN_MAP_MARKS)
