"""The chunks that a PNG file is made of (PNG specification, third edition)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk.

    Attributes:
        kind: four letters.
        body: content, a view of the file where it is image data.
    """

    kind: bytes
    body: bytes | memoryview

    @property
    def ancillary(self) -> bool:
        """Whether an image can be shown without it."""
        return bool(self.kind[0] & 0x20)

    @property
    def safe_to_copy(self) -> bool:
        """Whether it stays true when the image data change."""
        return bool(self.kind[3] & 0x20)


@dataclass(frozen=True, slots=True)
class Header:
    """The content of IHDR that imgclean looks at.

    Attributes:
        width, height: pixels.
        depth: bits of a sample, or of a palette index.
        colour_type: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha.
        interlaced: whether the pixels come in seven passes.
    """

    width: int
    height: int
    depth: int
    colour_type: int
    interlaced: bool


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield a file's chunks up to IEND. Ancillary chunks with a wrong checksum are passed over.

    Raises:
        UnreadableImage: the file ends early, or a chunk that the image needs is damaged.
    """
    view = memoryview(data)
    position = len(SIGNATURE)
    while True:
        length, kind = _chunk_head(data, position)
        body = view[position + 8 : position + 8 + length]
        checksum = data[position + 8 + length : position + 12 + length]
        if len(checksum) < 4:
            raise UnreadableImage(f"truncated: it ends inside a chunk {kind.decode('ascii')}")
        position += 12 + length
        sound = zlib.crc32(body, zlib.crc32(kind)) == int.from_bytes(checksum)
        chunk = Chunk(kind, body if kind == b"IDAT" else bytes(body))
        if sound:
            yield chunk
        elif not chunk.ancillary:
            raise UnreadableImage(f"damaged: wrong checksum of a chunk {kind.decode('ascii')}")
        if kind == b"IEND":
            return


def join_chunks(chunks: Iterable[Chunk]) -> bytes:
    """Return the file that consists of `chunks`."""
    parts: list[bytes | memoryview] = [SIGNATURE]
    for chunk in chunks:
        checksum = zlib.crc32(chunk.body, zlib.crc32(chunk.kind))
        parts += (struct.pack(">I4s", len(chunk.body), chunk.kind), chunk.body)
        parts.append(struct.pack(">I", checksum))
    return b"".join(parts)


def parse_header(chunk: Chunk) -> Header:
    """Return the content of IHDR.

    Raises:
        UnreadableImage: the chunk is not a well-formed IHDR.
    """
    if chunk.kind != b"IHDR" or len(chunk.body) != 13:
        raise UnreadableImage("damaged: it does not begin with a chunk IHDR")
    width, height, depth, colour_type, interlace = struct.unpack(">IIBBxxB", chunk.body)
    return Header(width, height, depth, colour_type, bool(interlace))


def _chunk_head(data: bytes, position: int) -> tuple[int, bytes]:
    if len(data) < position + 8:
        raise UnreadableImage("truncated: it ends before the chunk IEND")
    length, kind = struct.unpack_from(">I4s", data, position)
    if not kind.isalpha() or length >= 1 << 31:
        raise UnreadableImage(f"damaged: no chunk begins at byte {position}")
    return length, kind
