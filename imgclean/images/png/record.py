"""What a PNG file says besides its pixels, and what the same would be for other pictures."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgclean.images.metadata.enlarged import enlarged_exif
from imgclean.images.picture import Metadata, Resolution
from imgclean.images.png.chunks import Chunk, Header
from imgclean.images.png.texts import (
    exif_of,
    inflate,
    iptc_chunk,
    iptc_of,
    with_packet,
    without_packet,
    xmp_chunk,
    xmp_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PIXEL_CHUNKS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
"""What an image is decoded from; a file that is written has its own."""

_LARGEST = (1 << 31) - 1
_EXIF_PREFIX = b"Exif\x00\x00"
_FRAME_CHUNKS = frozenset((b"acTL", b"fcTL", b"fdAT"))
_TRUE_AFTERWARDS = frozenset(  # unsafe to copy by their name, yet true of the clean image too
    (
        *(b"cHRM", b"cICP", b"gAMA", b"iCCP", b"sRGB", b"mDCV", b"cLLI", b"mDCv", b"cLLi"),
        *(b"bKGD", b"oFFs", b"pCAL", b"sBIT", b"sCAL", b"sTER", b"tIME"),
    )
)
_MEANING = frozenset(  # what the samples are; the profile is a general field
    (b"cHRM", b"cICP", b"gAMA", b"sRGB", b"sBIT", b"mDCV", b"cLLI", b"mDCv", b"cLLi")
)


@dataclass(frozen=True, slots=True)
class PngRecord:
    """What a PNG file says besides its pixels.

    Attributes:
        header: of the file that was read.
        before, after: kept chunks before and after the image data.
        bare: whether they say no more than what the samples are, and the general fields of the
            metadata stand for the rest.
    """

    header: Header
    before: tuple[Chunk, ...]
    after: tuple[Chunk, ...]
    bare: bool = False

    def stripped(self) -> PngRecord:
        """Return what the samples mean, without anything else."""
        kept = tuple(each for each in self.before if each.kind in _MEANING)
        return replace(self, before=kept, after=(), bare=True)

    def enlarged(self, scale: int) -> PngRecord:
        """Return the record with the densities and sizes of the enlarged image."""
        before, after = (
            tuple(_enlarged(each, scale) for each in part) for part in (self.before, self.after)
        )
        return replace(self, before=before, after=after)

    def with_general(self, metadata: Metadata) -> PngRecord:
        """Return what is to be written: with the metadata's XMP packet, or all of it if bare."""
        if self.bare:
            general = record_for(self.header, metadata)
            return replace(general, before=(*self.before, *general.before))
        if metadata.xmp == xmp_of((*self.before, *self.after)):
            return self
        if metadata.xmp is None:
            before, after = without_packet(self.before), without_packet(self.after)
            return replace(self, before=before, after=after)
        if changed := with_packet(self.before, metadata.xmp):
            return replace(self, before=changed)
        if changed := with_packet(self.after, metadata.xmp):
            return replace(self, after=changed)
        return replace(self, before=(*self.before, xmp_chunk(metadata.xmp)))


def metadata_of(header: Header, chunks: Sequence[Chunk]) -> Metadata:
    """Return what a file's chunks say, in general terms and as a record."""
    image_at = next((i for i, chunk in enumerate(chunks) if chunk.kind == b"IDAT"), len(chunks))
    bodies = {chunk.kind: bytes(chunk.body) for chunk in chunks if chunk.kind != b"IDAT"}
    exif = bodies.get(b"eXIf")
    return Metadata(
        icc=_icc_profile(bodies.get(b"iCCP", b"")),
        exif=exif.removeprefix(_EXIF_PREFIX) if exif else exif_of(chunks),
        xmp=xmp_of(chunks),
        iptc=iptc_of(chunks),
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
        chunks.append(xmp_chunk(metadata.xmp))
    if metadata.iptc:
        chunks.append(iptc_chunk(metadata.iptc))
    return PngRecord(header, tuple(chunks), ())


def _is_kept(chunk: Chunk) -> bool:
    if chunk.kind in PIXEL_CHUNKS or chunk.kind in _FRAME_CHUNKS:
        return False
    return chunk.safe_to_copy or chunk.kind in _TRUE_AFTERWARDS


def _enlarged(chunk: Chunk, scale: int) -> Chunk:
    """Return a chunk that says the same of the enlarged image.

    pHYs has pixels a unit, oFFs the image's place on a page (in pixels, if its unit is 0) and sCAL
    the size of a pixel on what is shown.
    """
    body = bytes(chunk.body) if chunk.ancillary else b""
    if chunk.kind == b"pHYs" and len(body) == 9:
        x, y, unit = struct.unpack(">IIB", body)
        larger = [min(each * scale, _LARGEST) for each in (x, y)]
        return replace(chunk, body=struct.pack(">IIB", *larger, unit))
    if chunk.kind == b"oFFs" and len(body) == 9 and body[8] == 0:
        x, y = struct.unpack(">ii", body[:8])
        if max(abs(x), abs(y)) * scale <= _LARGEST:
            return replace(chunk, body=struct.pack(">iiB", x * scale, y * scale, 0))
    if chunk.kind == b"sCAL" and body.count(b"\x00") == 1:
        sizes = [_number(each) for each in body[1:].split(b"\x00")]
        smaller = [repr(each / scale).encode("ascii") for each in sizes if each is not None]
        if len(smaller) == 2:
            return replace(chunk, body=body[:1] + b"\x00".join(smaller))
    if chunk.kind == b"eXIf":
        prefix = _EXIF_PREFIX if body.startswith(_EXIF_PREFIX) else b""
        larger_block = enlarged_exif(body.removeprefix(prefix), scale)
        return replace(chunk, body=prefix + (larger_block or b""))
    return chunk


def _number(text: bytes) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _icc_profile(body: bytes) -> bytes | None:
    _, separator, rest = body.partition(b"\x00")
    return inflate(rest[1:]) if separator else None


def _resolution(body: bytes) -> Resolution | None:
    if len(body) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", body)
    return Resolution(float(x), float(y), "metre") if unit == 1 and x and y else None
