"""What a WebP file says besides its pixels, and what the same would be for other pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imgclean.images.metadata.enlarged import enlarged_exif
from imgclean.images.picture import Metadata
from imgclean.images.webp.chunks import (
    ALPHA,
    ANIMATION,
    EXIF,
    EXTENDED,
    FRAME,
    LOSSLESS,
    LOSSY,
    PROFILE,
    XMP,
    Chunk,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_PIXELS = frozenset((ALPHA, LOSSY, LOSSLESS, FRAME))
_NOT_KEPT = _PIXELS | {EXTENDED, ANIMATION}
_EXIF_PREFIX = b"Exif\x00\x00"  # of JPEG; some writers put it here too


@dataclass(frozen=True, slots=True)
class Said:
    """The chunks before and behind the pixels, and what follows the last chunk."""

    before: tuple[Chunk, ...]
    after: tuple[Chunk, ...]
    trailer: bytes = b""


@dataclass(frozen=True, slots=True)
class WebpRecord:
    """How a file holds its pixels, and what it says besides.

    Attributes:
        quality: of a lossy file, 1 to 100; None for one that loses nothing.
        said: the rest, or None if that is not to be kept.
    """

    quality: int | None
    said: Said | None

    def stripped(self) -> WebpRecord:
        """Return the record without what the file says."""
        return replace(self, said=None)

    def enlarged(self, scale: int) -> WebpRecord:
        """Return the record with the densities and sizes of the enlarged image."""
        if self.said is None:
            return self
        before, after = (
            tuple(_enlarged(each, scale) for each in part)
            for part in (self.said.before, self.said.after)
        )
        return replace(self, said=replace(self.said, before=before, after=after))


def metadata_of(chunks: Sequence[Chunk], trailer: bytes, quality: int | None) -> Metadata:
    """Return what a file's chunks say, in general terms and as a record."""
    pixels_at = next(i for i, chunk in enumerate(chunks) if chunk.kind in _PIXELS)
    before = tuple(each for each in chunks[:pixels_at] if each.kind not in _NOT_KEPT)
    after = tuple(each for each in chunks[pixels_at:] if each.kind not in _NOT_KEPT)
    exif = _first((*before, *after), EXIF)
    return Metadata(
        icc=_first((*before, *after), PROFILE),
        exif=exif.removeprefix(_EXIF_PREFIX) if exif else None,
        xmp=_first((*before, *after), XMP),
        quality=quality,
        own=WebpRecord(quality, Said(before, after, trailer)),
    )


def said_by(metadata: Metadata) -> Said:
    """Return what a file is to say: as it was read, with the packet that `metadata.xmp` is."""
    own = metadata.own
    if not isinstance(own, WebpRecord) or own.said is None:
        profile = (Chunk(PROFILE, metadata.icc),) if metadata.icc else ()
        general = ((EXIF, metadata.exif), (XMP, metadata.xmp))
        return Said(profile, tuple(Chunk(kind, body) for kind, body in general if body))
    said = own.said
    if _first((*said.before, *said.after), XMP) == (metadata.xmp or None):
        return said
    packet = Chunk(XMP, metadata.xmp) if metadata.xmp else None
    before, packet = _with_packet(said.before, packet)
    after, packet = _with_packet(said.after, packet)
    return replace(said, before=before, after=(*after, packet) if packet else after)


def _with_packet(
    chunks: Sequence[Chunk], packet: Chunk | None
) -> tuple[tuple[Chunk, ...], Chunk | None]:
    """Return the chunks with `packet` in the place of the first XMP, and what is left to place."""
    kept = []
    for chunk in chunks:
        if chunk.kind != XMP:
            kept.append(chunk)
        elif packet:
            kept.append(packet)
            packet = None
    return tuple(kept), packet


def _enlarged(chunk: Chunk, scale: int) -> Chunk:
    if chunk.kind != EXIF:
        return chunk
    prefix = _EXIF_PREFIX if chunk.body.startswith(_EXIF_PREFIX) else b""
    larger = enlarged_exif(chunk.body.removeprefix(prefix), scale)
    return replace(chunk, body=prefix + (larger or b""))


def _first(chunks: Sequence[Chunk], kind: bytes) -> bytes | None:
    return next((each.body for each in chunks if each.kind == kind and each.body), None)
