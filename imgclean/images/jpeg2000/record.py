"""What a JPEG 2000 file says besides its pixels (ISO/IEC 15444-1, annex I)."""

from __future__ import annotations

import dataclasses
import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from imgclean.images.boxes.box import Box, first_body, read_boxes, write_boxes
from imgclean.images.metadata.enlarged import enlarged_exif
from imgclean.images.metadata.profile import is_for_gray
from imgclean.images.picture import Metadata, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

XMP = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
EXIF = b"JpgTiffExif->JP2"
IPTC = bytes.fromhex("33C7A4D2B81D4723A0BAF1A3E097AD38")
"""What the contents of these `uuid` boxes begin with."""

SIGNATURE = Box(b"jP  ", b"\r\n\x87\n")
FILE_TYPE = Box(b"ftyp", b"jp2 \x00\x00\x00\x00jp2 ")
ENUMERATED, RESTRICTED_ICC, ANY_ICC = 1, 2, 3
SRGB, GRAY = 16, 17
_PIXEL_BOXES = frozenset((b"jP  ", b"jp2c"))
_LARGEST_PART = 65_535
_OPACITY_KINDS = {"straight": 1, "premultiplied": 2, "unknown": 65535}


@dataclass(frozen=True, slots=True)
class Jpeg2000Record:
    """How a JPEG 2000 file holds its pixels, and what it says besides.

    Attributes:
        raw: whether it is a codestream without boxes.
        reversible: whether its pixels were held without loss.
        comments: of the codestream.
        header: the boxes in `jp2h` but for those on the form of the samples; None if stripped.
        before, after: the other boxes before and after the codestream.
    """

    raw: bool
    reversible: bool
    comments: tuple[bytes, ...] = ()
    header: tuple[Box, ...] | None = None
    before: tuple[Box, ...] = ()
    after: tuple[Box, ...] = ()

    def stripped(self) -> Jpeg2000Record:
        """Return the record without what the file says."""
        return Jpeg2000Record(self.raw, self.reversible)

    def enlarged(self, scale: int) -> Jpeg2000Record:
        """Return the record with the densities and sizes of the enlarged image."""
        header, before, after = (
            None if part is None else tuple(_enlarged(box, scale) for box in part)
            for part in (self.header, self.before, self.after)
        )
        return dataclasses.replace(self, header=header, before=before or (), after=after or ())


def record_of(record: Jpeg2000Record, boxes: Sequence[Box]) -> Jpeg2000Record:
    """Return `record` with what the boxes of a JP2 file say."""
    at = next(i for i, box in enumerate(boxes) if box.kind == b"jp2c")
    inner = read_boxes(first_body(boxes, b"jp2h") or b"")
    return dataclasses.replace(
        record,
        header=_copied(box for box in inner if box.kind not in (b"ihdr", b"bpcc")),
        before=_copied(box for box in boxes[:at] if box.kind not in _PIXEL_BOXES),
        after=_copied(box for box in boxes[at:] if box.kind not in _PIXEL_BOXES),
    )


def metadata_of(record: Jpeg2000Record) -> Metadata:
    """Return what a record says, in general terms and as it is."""
    header = record.header or ()
    boxes = (*record.before, *record.after)
    colour = first_body(header, b"colr") or b""
    icc = bytes(colour[3:]) if colour[:1] in (b"\x02", b"\x03") else None
    return Metadata(
        icc=icc,
        exif=_uuid_body(boxes, EXIF),
        xmp=_uuid_body(boxes, XMP),
        iptc=_uuid_body(boxes, IPTC),
        resolution=_resolution(first_body(header, b"res ") or b""),
        own=record,
    )


def record_for(
    metadata: Metadata, *, channels: int, alpha: str | None, reversible: bool
) -> Jpeg2000Record:
    """Return a record that says what `metadata` says in general.

    Args:
        metadata: what to say.
        channels: 1 (gray) or 3 (RGB), without alpha.
        alpha: of what kind the last channel is, as in `Picture`; None if there is no alpha.
        reversible: for the record.
    """
    space = struct.pack(">BBBI", ENUMERATED, 0, 0, GRAY if channels == 1 else SRGB)
    icc = metadata.icc if is_for_gray(metadata.icc) == (channels == 1) else None
    profile = bytes((RESTRICTED_ICC, 0, 0)) + (icc or b"")
    header = [Box(b"colr", profile if icc else space)]
    if alpha is not None:
        header.append(_channel_definition(channels, alpha))
    if metadata.resolution:
        density = _density_box(metadata.resolution)
        header.append(Box(b"res ", write_boxes([density])))
    said = ((EXIF, metadata.exif), (IPTC, metadata.iptc), (XMP, metadata.xmp))
    boxes = tuple(Box(b"uuid", name + body) for name, body in said if body)
    return Jpeg2000Record(False, reversible, (), tuple(header), (FILE_TYPE, *boxes))


def with_xmp(record: Jpeg2000Record, xmp: bytes | None) -> Jpeg2000Record:
    """Return the record with that packet in place of its own."""
    if record.raw or xmp is None or xmp == _uuid_body((*record.before, *record.after), XMP):
        return record
    packet = Box(b"uuid", XMP + xmp)
    before = tuple(box for box in record.before if not _is_uuid(box, XMP))
    after = tuple(box for box in record.after if not _is_uuid(box, XMP))
    return dataclasses.replace(record, before=(*before, packet), after=after)


def _channel_definition(channels: int, alpha: str) -> Box:
    colours = [(number, 0, number + 1) for number in range(channels)]
    entries = (*colours, (channels, _OPACITY_KINDS[alpha], 0))  # 0: it is of the whole image
    body = b"".join(struct.pack(">HHH", *entry) for entry in entries)
    return Box(b"cdef", struct.pack(">H", len(entries)) + body)


def _copied(boxes: Iterable[Box]) -> tuple[Box, ...]:
    return tuple(Box(box.kind, bytes(box.body)) for box in boxes)


def _is_uuid(box: Box, name: bytes) -> bool:
    return box.kind == b"uuid" and bytes(box.body[:16]) == name


def _uuid_body(boxes: Iterable[Box], name: bytes) -> bytes | None:
    return next((bytes(box.body[16:]) for box in boxes if _is_uuid(box, name)), None)


def _resolution(body: bytes) -> Resolution | None:
    inner = read_boxes(body)
    stated = first_body(inner, b"resd") or first_body(inner, b"resc") or b""
    if len(stated) != 10:
        return None
    y, y_below, x, x_below, y_power, x_power = struct.unpack(">HHHHbb", stated)
    if not (x and y and x_below and y_below):
        return None
    return Resolution(x / x_below * 10.0**x_power, y / y_below * 10.0**y_power, "metre")


def _enlarged(box: Box, scale: int) -> Box:
    """Return a box that says the same of the enlarged image.

    Either density, that of the capture (resc) and that of the display (resd), is two fractions
    with a power of ten each.
    """
    if _is_uuid(box, EXIF):
        block = enlarged_exif(bytes(box.body[16:]), scale)
        return Box(box.kind, EXIF + (block or b""))
    if box.kind != b"res ":
        return box
    inner = []
    for each in read_boxes(box.body):
        density = _resolution(write_boxes([each]))
        larger = _density_box(density.enlarged(scale)) if density else each
        inner.append(Box(each.kind, larger.body))
    return Box(box.kind, write_boxes(inner))


def _density_box(resolution: Resolution) -> Box:
    """Return the display resolution in pixels a metre, each as a fraction and a power of ten."""
    x, y = (_fraction(each) for each in resolution.per("metre"))
    return Box(b"resd", struct.pack(">HHHHbb", *y[:2], *x[:2], y[2], x[2]))


def _fraction(value: float) -> tuple[int, int, int]:
    """Return the numerator, the denominator and the power of ten that come closest to a value."""
    whole = min(max(math.floor(math.log10(value)), -100), 100)
    found = []
    for power in range(whole - 4, whole + 1):
        scaled = value / 10.0**power
        fraction = Fraction(scaled).limit_denominator(max(1, _LARGEST_PART // math.ceil(scaled)))
        parts = min(fraction.numerator, _LARGEST_PART), fraction.denominator, power
        found.append((abs(parts[0] / parts[1] - scaled) / scaled, parts))
    return min(found)[1]
