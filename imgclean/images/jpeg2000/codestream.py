"""The main header of a JPEG 2000 codestream (ISO/IEC 15444-1, annex A)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOC, _EOC = b"\xff\x4f", b"\xff\xd9"
_SIZ, _COD, _COM, _SOT = 0xFF51, 0xFF52, 0xFF64, 0xFF90
_MOST_COMPONENTS = 16_384


@dataclass(frozen=True, slots=True)
class Component:
    """One component.

    Attributes:
        bits: of a sample, 1 to 38.
        signed: whether samples can be negative.
        step_x, step_y: how many pixels of the image one sample stands for.
    """

    bits: int
    signed: bool
    step_x: int
    step_y: int


@dataclass(frozen=True, slots=True)
class MainHeader:
    """What the main header says.

    Attributes:
        width, height: of the image area, pixels.
        components: at least one.
        reversible: whether the wavelet is the 5-3 one, which can lose nothing.
        comments: the bodies of its COM segments.
    """

    width: int
    height: int
    components: tuple[Component, ...]
    reversible: bool
    comments: tuple[bytes, ...]


def read_main_header(codestream: bytes) -> MainHeader:
    """Return what a whole codestream's main header says.

    Raises:
        UnreadableImage: it is damaged, or the codestream has no end.
    """
    segments = list(_segments(codestream))
    if not segments or segments[0][0] != _SIZ or len(segments[0][2]) < 39:
        raise UnreadableImage("damaged: its codestream does not begin with a SIZ segment")
    if not codestream.rstrip(b"\x00").endswith(_EOC):
        raise UnreadableImage("truncated: its codestream has no end marker")
    size = segments[0][2]
    right, bottom, left, top = struct.unpack_from(">IIII", size, 2)
    coding = next((body for marker, _, body in segments if marker == _COD), b"")
    if len(coding) < 10:
        raise UnreadableImage("damaged: its codestream has no COD segment")
    return MainHeader(
        width=right - left,
        height=bottom - top,
        components=_components(size),
        reversible=coding[9] == 1,
        comments=tuple(body for marker, _, body in segments if marker == _COM),
    )


def with_comments(codestream: bytes, comments: tuple[bytes, ...]) -> bytes:
    """Return the codestream with these COM segments in its main header in place of its own."""
    kept = [codestream[:2]]
    end = 2
    for marker, at, body in _segments(codestream):
        end = at + 4 + len(body)
        if marker != _COM:
            kept.append(codestream[at:end])
    said = [struct.pack(">HH", _COM, len(body) + 2) + body for body in comments]
    return b"".join((*kept, *said, codestream[end:]))


def _components(size: bytes) -> tuple[Component, ...]:
    (count,) = struct.unpack_from(">H", size, 34)
    if not 1 <= count <= _MOST_COMPONENTS or len(size) != 36 + 3 * count:
        raise UnreadableImage("damaged: its SIZ segment is not as long as it says")
    parts = (size[36 + 3 * i : 39 + 3 * i] for i in range(count))
    return tuple(Component((kind & 127) + 1, kind > 127, x, y) for kind, x, y in parts)


def _segments(codestream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield marker, position and body of each segment before the first tile."""
    if codestream[:2] != _SOC:
        raise UnreadableImage("damaged: its codestream does not begin with an SOC marker")
    position = 2
    while True:
        head = codestream[position : position + 4]
        if len(head) < 4:
            raise UnreadableImage("truncated: it ends inside the codestream's main header")
        marker, length = struct.unpack(">HH", head)
        if marker == _SOT:
            return
        body = codestream[position + 4 : position + 2 + length]
        if marker < 0xFF00 or length < 2:
            raise UnreadableImage(
                f"damaged: no segment begins at byte {position} of its codestream"
            )
        if len(body) < length - 2:
            raise UnreadableImage("truncated: it ends inside the codestream's main header")
        yield marker, position, body
        position += 2 + length
