"""One JPEG file out of a file for each component (ITU-T T.81, annexes A.2 and B.2).

Each component gets a scan of its own, so that it can have any size and any table. Pillow's
encoder knows three subsamplings, and none that leaves the fourth component whole.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from imgclean.images.jpeg.segments import FRAME_HEADERS, SOI, SOS, read_segments, write_segment

if TYPE_CHECKING:
    from collections.abc import Sequence

_DHT, _DQT, _EOI = 0xC4, 0xDB, b"\xff\xd9"
_NAME_AT = 5  # of a scan with one component: marker, length, count


def join_components(
    files: Sequence[bytes],
    names: bytes,
    sampling: Sequence[tuple[int, int]],
    size: tuple[int, int],
) -> bytes:
    """Return a JPEG file of several components, without any metadata segment.

    Args:
        files: a gray JPEG file for each component, all progressive or none, with one table each
            and without restart markers.
        names: a letter for each component.
        sampling: horizontal and vertical sampling factor of each.
        size: width and height of the whole image in pixels.
    """
    tables: list[bytes] = []
    scans: list[bytes] = []
    process = 0
    for number, (file, name) in enumerate(zip(files, names, strict=True)):
        for each in read_segments(file):
            raw = file[each.start : each.end]
            if each.marker == _DQT:
                precision = each.payload[0] & 0xF0
                tables.append(write_segment(_DQT, bytes((precision | number,)) + each.payload[1:]))
            elif each.marker == _DHT:
                scans.append(raw)  # a later scan's tables take the place of an earlier one's
            elif each.marker == SOS:
                scans.append(raw[:_NAME_AT] + bytes((name,)) + raw[_NAME_AT + 1 :])
            elif each.marker in FRAME_HEADERS:
                process = max(process, each.marker)
    width, height = size
    frame = struct.pack(">BHHB", 8, height, width, len(names))
    for number, (name, (across, down)) in enumerate(zip(names, sampling, strict=True)):
        frame += bytes((name, across << 4 | down, number))
    return b"".join((SOI, *tables, write_segment(process, frame), *scans, _EOI))
