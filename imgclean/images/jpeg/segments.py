"""The segments that a JPEG file is made of (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterator

SOI = b"\xff\xd8"
SOS, EOI, COM = 0xDA, 0xD9, 0xFE
APP0, APP1, APP2, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
LARGEST_PAYLOAD = 65_533

JFIF = b"JFIF\x00"
EXIF = b"Exif\x00\x00"
PHOTOSHOP = b"Photoshop 3.0\x00"
"""What the payloads of APP0, APP1 and APP13 begin with."""

_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a payload
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # neither a stuffed byte nor a restart


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment.

    Attributes:
        marker: second byte of the marker.
        payload: content without marker and length.
        start, end: bytes of the file that it takes; with SOS the compressed data behind it too.
    """

    marker: int
    payload: bytes
    start: int
    end: int

    @property
    def is_metadata(self) -> bool:
        """Whether it is an application's segment or a comment."""
        return APP0 <= self.marker <= 0xEF or self.marker == COM


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a frame: its name, sampling factors and quantisation table's number."""

    name: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The content of a frame header.

    Attributes:
        process: marker; 0xC0 baseline, 0xC2 progressive.
        precision: bits of a sample.
        width, height: pixels.
        components: 1 for gray, 3 for YCbCr or RGB, 4 for CMYK.
    """

    process: int
    precision: int
    width: int
    height: int
    components: tuple[Component, ...]


def read_segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments of a file's first image, EOI last.

    Raises:
        UnreadableImage: the file ends before EOI.
    """
    position = len(SOI)
    while True:
        start = data.find(b"\xff", position)  # like every decoder, over garbage
        position = start + 1
        while data[position : position + 1] == b"\xff":
            position += 1
        if start < 0 or position >= len(data):
            raise UnreadableImage("truncated: it ends before the end of the image (EOI)")
        marker = data[position]
        position += 1
        if marker == EOI:
            yield Segment(EOI, b"", start, position)
            return
        if marker in _STANDALONE:
            continue
        payload = _payload(data, position)
        position += 2 + len(payload)
        if marker == SOS:
            scan_end = _SCAN_END.search(data, position)
            position = scan_end.start() if scan_end else len(data)
        yield Segment(marker, payload, start, position)


def write_segment(marker: int, payload: bytes) -> bytes:
    """Return a segment as it stands in a file.

    Raises:
        ValueError: the payload is longer than `LARGEST_PAYLOAD`.
    """
    if len(payload) > LARGEST_PAYLOAD:
        raise ValueError(f"a segment cannot hold {len(payload)} bytes")
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def parse_frame(segment: Segment) -> Frame:
    """Return the content of a frame header.

    Raises:
        UnreadableImage: it is malformed.
    """
    payload = segment.payload
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise UnreadableImage("damaged: its frame header is too short")
    precision, height, width, count = struct.unpack_from(">BHHB", payload)
    components = tuple(
        Component(name, sampling >> 4, sampling & 15, table)
        for name, sampling, table in struct.iter_unpack(">BBB", payload[6 : 6 + 3 * count])
    )
    return Frame(segment.marker, precision, width, height, components)


def _payload(data: bytes, position: int) -> bytes:
    length = int.from_bytes(data[position : position + 2])
    payload = data[position + 2 : position + length]
    if length < 2 or len(payload) < length - 2:
        raise UnreadableImage("truncated: it ends inside a segment")
    return payload
