"""The chunks that a WebP file is made of (RFC 9649, section 2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXTENDED, PROFILE, EXIF, XMP = b"VP8X", b"ICCP", b"EXIF", b"XMP "
ALPHA, LOSSY, LOSSLESS = b"ALPH", b"VP8 ", b"VP8L"
FRAME, ANIMATION = b"ANMF", b"ANIM"

_FLAGS = {PROFILE: 0x20, EXIF: 0x08, XMP: 0x04}
_ALPHA_FLAG = 0x10
_FILE_HEAD = 12


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its four letters and its content."""

    kind: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Bitstream:
    """What the header of one image's pixels says.

    Attributes:
        width, height: pixels.
        alpha: whether there are alpha samples, as far as the pixels' own chunk can say.
    """

    width: int
    height: int
    alpha: bool


def read_file(data: bytes) -> tuple[list[Chunk], bytes]:
    """Return a file's chunks and what follows them.

    Raises:
        UnreadableImage: the file is shorter than it says, or a chunk longer than the file.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if len(data) < max(end, _FILE_HEAD):
        raise UnreadableImage("truncated: it is shorter than its header says")
    return list(read_chunks(data[_FILE_HEAD:end])), data[end:]


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks that `data` consists of.

    Raises:
        UnreadableImage: the last one is not whole.
    """
    position = 0
    while position < len(data):
        head = data[position : position + 8]
        length = int.from_bytes(head[4:], "little")
        body = data[position + 8 : position + 8 + length]
        if len(head) < 8 or len(body) < length:
            raise UnreadableImage("damaged: a chunk goes on behind the end")
        yield Chunk(head[:4], body)
        position += 8 + length + length % 2


def join_file(chunks: Iterable[Chunk]) -> bytes:
    """Return the file that consists of `chunks`."""
    parts: list[bytes] = []
    for chunk in chunks:
        parts += (struct.pack("<4sI", chunk.kind, len(chunk.body)), chunk.body)
        parts.append(bytes(len(chunk.body) % 2))
    length = 4 + sum(map(len, parts))
    return b"".join((struct.pack("<4sI4s", b"RIFF", length, b"WEBP"), *parts))


def extended_header(width: int, height: int, alpha: bool, kinds: Iterable[bytes] = ()) -> Chunk:
    """Return the chunk that a file with alpha beside the pixels, or with metadata, begins with.

    Args:
        width, height: of the canvas.
        alpha: whether there are alpha samples.
        kinds: of the other chunks.
    """
    flags = _ALPHA_FLAG if alpha else 0
    for kind in kinds:
        flags |= _FLAGS.get(kind, 0)
    return Chunk(EXTENDED, struct.pack("<I", flags) + _uint24(width - 1) + _uint24(height - 1))


def parse_extended_header(chunk: Chunk) -> Bitstream:
    """Return the size of the canvas, and whether the file claims to have alpha.

    Raises:
        UnreadableImage: the chunk is too short.
    """
    if len(chunk.body) < 10:
        raise UnreadableImage("damaged: its header is too short")
    width, height = parse_uint24(chunk.body, 4) + 1, parse_uint24(chunk.body, 7) + 1
    return Bitstream(width, height, bool(chunk.body[0] & _ALPHA_FLAG))


def parse_bitstream(chunk: Chunk) -> Bitstream:
    """Return what the header of a chunk VP8 or VP8L says.

    RFC 6386, section 9.1, and RFC 9649, section 3.4.

    Raises:
        UnreadableImage: it is malformed.
    """
    body = chunk.body
    if chunk.kind == LOSSY and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a" and not body[0] & 1:
        width, height = struct.unpack_from("<HH", body, 6)
        return Bitstream(width & 0x3FFF, height & 0x3FFF, alpha=False)
    if chunk.kind == LOSSLESS and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return Bitstream((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1))
    raise UnreadableImage("damaged: its pixels have no header")


def with_alpha(lossless: Chunk) -> Chunk:
    """Return a chunk VP8L that says that it has alpha, as all have in fact (RFC 9649, 3.4)."""
    body = bytearray(lossless.body)
    body[4] |= 0x10
    return Chunk(LOSSLESS, bytes(body))


def parse_uint24(data: bytes, position: int) -> int:
    """Return three bytes as a number."""
    return int.from_bytes(data[position : position + 3], "little")


def _uint24(number: int) -> bytes:
    return number.to_bytes(3, "little")
