"""What a JPEG XL file says besides its pixels: the boxes of its container (ISO/IEC 18181-2)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import imagecodecs

from imgclean.errors import UnreadableImage
from imgclean.images.boxes.box import Box, read_boxes, write_boxes
from imgclean.images.jpegxl.header import BEGIN
from imgclean.images.metadata.enlarged import enlarged_exif

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgclean.images.jpegxl.colours import Transfer
    from imgclean.images.picture import Metadata

_SIGNATURE = Box(b"JXL ", b"\r\n\x87\n")
_FILE_TYPE = Box(b"ftyp", b"jxl \x00\x00\x00\x00jxl ")
_LEVEL = b"jxll"
_ON_PIXELS = frozenset((b"JXL ", b"ftyp", _LEVEL, b"jxlc", b"jxlp", b"jxli", b"jbrd"))
_LAST_PART = 1 << 31
_LARGEST_TEXT = 1 << 24


@dataclass(frozen=True, slots=True)
class JpegXlRecord:
    """How a JPEG XL file holds its pixels, and what it says besides.

    Attributes:
        lossless: whether its pixels were held without loss.
        transfer: of its colours.
        before, after: kept boxes before and after the codestream; None if stripped.
    """

    lossless: bool
    transfer: Transfer
    before: tuple[Box, ...] | None = None
    after: tuple[Box, ...] = ()

    def stripped(self) -> JpegXlRecord:
        """Return the record without what the file says."""
        return JpegXlRecord(self.lossless, self.transfer)

    def enlarged(self, scale: int) -> JpegXlRecord:
        """Return the record with the densities and sizes of the enlarged image."""
        before = None if self.before is None else _enlarged(self.before, scale)
        return dataclasses.replace(self, before=before, after=_enlarged(self.after, scale))


def read_container(data: bytes) -> tuple[bytes, tuple[Box, ...], tuple[Box, ...]]:
    """Return the codestream in a file, and the boxes to keep before and after it.

    Boxes on the codestream's bytes are not kept: an index of frames, and how to turn it back
    into the JPEG file that it was made of.

    Raises:
        UnreadableImage: the file ends early or holds no codestream.
    """
    if data.startswith(BEGIN):
        return data, (), ()
    boxes = read_boxes(data)
    at = next((i for i, box in enumerate(boxes) if box.kind in (b"jxlc", b"jxlp")), None)
    if at is None:
        raise UnreadableImage("truncated or damaged: it holds no codestream")
    return _codestream(boxes), _kept(boxes[:at]), _kept(boxes[at:])


def is_made_of_jpeg(data: bytes) -> bool:
    """Whether a file says how to turn it back into a JPEG file."""
    return not data.startswith(BEGIN) and any(box.kind == b"jbrd" for box in read_boxes(data))


def write_container(
    encoded: bytes, codestream: bytes, before: Iterable[Box], after: Iterable[Box]
) -> bytes:
    """Return a file.

    Args:
        encoded: as imagecodecs wrote it, with the level that it needs if it is a container.
        codestream: to be put into it.
        before, after: further boxes before and after it.
    """
    kept = (*before, *after)
    level = () if encoded.startswith(BEGIN) else _of_kind(read_boxes(encoded), _LEVEL)
    if not kept and not level:
        return codestream
    head = (_SIGNATURE, _FILE_TYPE, *level, *before)
    return write_boxes((*head, Box(b"jxlc", codestream), *after))


def general_boxes(metadata: Metadata) -> tuple[Box, ...]:
    """Return boxes that say what `metadata` says in general; there is none for IPTC."""
    exif = (Box(b"Exif", bytes(4) + metadata.exif),) if metadata.exif else ()
    return (*exif, *((Box(b"xml ", metadata.xmp),) if metadata.xmp else ()))


def with_xmp(record: JpegXlRecord, xmp: bytes | None) -> JpegXlRecord:
    """Return the record with that packet in place of its own."""
    before, after = record.before or (), record.after
    if xmp is None or xmp == content((*before, *after), b"xml "):
        return record
    packet = Box(b"xml ", xmp)
    return dataclasses.replace(
        record, before=(*_without(before, b"xml "), packet), after=_without(after, b"xml ")
    )


def exif_in(boxes: Sequence[Box]) -> bytes | None:
    """Return an EXIF block from its TIFF header on."""
    body = content(boxes, b"Exif") or b""
    start = 4 + int.from_bytes(body[:4])
    return body[start:] or None


def content(boxes: Iterable[Box], kind: bytes) -> bytes | None:
    """Return what the first box of a kind holds, compressed or not; None if there is none."""
    for box in boxes:
        if box.kind == kind:
            return bytes(box.body)
        if box.kind == b"brob" and box.body[:4] == kind:
            return _decompressed(bytes(box.body[4:]))
    return None


def _enlarged(boxes: Iterable[Box], scale: int) -> tuple[Box, ...]:
    """Return boxes with the EXIF block of the enlarged image; a compressed one is not any more."""
    larger = []
    for box in boxes:
        block = exif_in((box,))
        exif = enlarged_exif(block, scale) if block else None
        larger.append(box if exif is None else Box(b"Exif", bytes(4) + exif))
    return tuple(larger)


def _decompressed(stream: bytes) -> bytes | None:
    """Return what a Brotli stream holds; None if it is damaged or a bomb."""
    try:
        return bytes(imagecodecs.brotli_decode(stream, out=_LARGEST_TEXT))
    except imagecodecs.BrotliError:
        return None


def _codestream(boxes: Sequence[Box]) -> bytes:
    whole = _of_kind(boxes, b"jxlc")
    if whole:
        return bytes(whole[0].body)
    parts = _of_kind(boxes, b"jxlp")
    if not int.from_bytes(parts[-1].body[:4]) & _LAST_PART:
        raise UnreadableImage("truncated: the last part of its codestream is missing")
    return b"".join(bytes(part.body[4:]) for part in parts)


def _kept(boxes: Iterable[Box]) -> tuple[Box, ...]:
    return tuple(Box(box.kind, bytes(box.body)) for box in boxes if box.kind not in _ON_PIXELS)


def _of_kind(boxes: Iterable[Box], kind: bytes) -> tuple[Box, ...]:
    return tuple(box for box in boxes if box.kind == kind)


def _without(boxes: Iterable[Box], kind: bytes) -> tuple[Box, ...]:
    return tuple(
        box for box in boxes if box.kind != kind and (box.kind, box.body[:4]) != (b"brob", kind)
    )
