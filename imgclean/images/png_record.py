"""What a PNG file says besides its pixels, and what the same would be for other pictures."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.images.picture import Metadata, Resolution
from imgclean.images.png_chunks import Chunk, Header

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PIXEL_CHUNKS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
"""What an image is decoded from; a file that is written has its own."""

_FRAME_CHUNKS = frozenset((b"acTL", b"fcTL", b"fdAT"))
_TRUE_AFTERWARDS = frozenset(  # unsafe to copy by their name, yet true of the clean image too
    (
        *(b"cHRM", b"cICP", b"gAMA", b"iCCP", b"sRGB", b"mDCV", b"cLLI", b"mDCv", b"cLLi"),
        *(b"bKGD", b"oFFs", b"pCAL", b"sBIT", b"sCAL", b"sTER", b"tIME"),
    )
)
_XMP_KEYWORD = b"XML:com.adobe.xmp\x00"
_LARGEST_TEXT = 1 << 24


@dataclass(frozen=True, slots=True)
class PngRecord:
    """What a PNG file says besides its pixels.

    Attributes:
        header: of the file that was read.
        before, after: kept chunks before and after the image data.
    """

    header: Header
    before: tuple[Chunk, ...]
    after: tuple[Chunk, ...]


def metadata_of(header: Header, chunks: Sequence[Chunk]) -> Metadata:
    """Return what a file's chunks say, in general terms and as a record."""
    image_at = next((i for i, chunk in enumerate(chunks) if chunk.kind == b"IDAT"), len(chunks))
    bodies = {chunk.kind: bytes(chunk.body) for chunk in chunks if chunk.kind != b"IDAT"}
    exif = bodies.get(b"eXIf")
    return Metadata(
        icc=_icc_profile(bodies.get(b"iCCP", b"")),
        exif=exif.removeprefix(b"Exif\x00\x00") if exif else None,
        xmp=_xmp_packet(chunk.body for chunk in chunks if chunk.kind == b"iTXt"),
        resolution=_resolution(bodies.get(b"pHYs", b"")),
        own=PngRecord(
            header,
            before=tuple(chunk for chunk in chunks[:image_at] if _is_kept(chunk)),
            after=tuple(chunk for chunk in chunks[image_at:] if _is_kept(chunk)),
        ),
    )


def record_for(header: Header, metadata: Metadata) -> PngRecord:
    """Return a record, for a file with that header, that says what `metadata` says in general."""
    chunks = []
    if metadata.icc:
        chunks.append(Chunk(b"iCCP", b"ICC profile\x00\x00" + zlib.compress(metadata.icc)))
    if metadata.resolution:
        density = tuple(round(each) for each in metadata.resolution.per("metre"))
        if all(0 < each < 1 << 31 for each in density):
            chunks.append(Chunk(b"pHYs", struct.pack(">IIB", *density, 1)))
    if metadata.exif:
        chunks.append(Chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append(Chunk(b"iTXt", _XMP_KEYWORD + bytes(4) + metadata.xmp))
    return PngRecord(header, tuple(chunks), ())


def _is_kept(chunk: Chunk) -> bool:
    if chunk.kind in PIXEL_CHUNKS or chunk.kind in _FRAME_CHUNKS:
        return False
    return chunk.safe_to_copy or chunk.kind in _TRUE_AFTERWARDS


def _icc_profile(body: bytes) -> bytes | None:
    _, separator, rest = body.partition(b"\x00")
    return _inflate(rest[1:]) if separator else None


def _xmp_packet(texts: Iterable[bytes | memoryview]) -> bytes | None:
    for body in map(bytes, texts):
        if body.startswith(_XMP_KEYWORD):
            compressed = body[len(_XMP_KEYWORD) : len(_XMP_KEYWORD) + 1] == b"\x01"
            text = body[len(_XMP_KEYWORD) + 2 :].split(b"\x00", 2)[-1]  # behind the language
            return _inflate(text) if compressed else text
    return None


def _resolution(body: bytes) -> Resolution | None:
    if len(body) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", body)
    return Resolution(float(x), float(y), "metre") if unit == 1 and x and y else None


def _inflate(stream: bytes) -> bytes | None:
    """Return what a zlib stream holds; None if it is damaged or a bomb."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(stream, _LARGEST_TEXT)
    except zlib.error:
        return None
    return content if inflater.eof else None
