"""What the metadata segments of a JPEG file say, and segments that say the same."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from imgclean.images.jpeg.quality import quality_of_luma
from imgclean.images.jpeg.record import adobe_segment
from imgclean.images.jpeg.segments import (
    APP0,
    APP1,
    APP2,
    APP13,
    EXIF,
    JFIF,
    LARGEST_PAYLOAD,
    PHOTOSHOP,
)
from imgclean.images.metadata.iptc import iptc_of_resources, resolution_of_resources, resources_with
from imgclean.images.picture import Metadata, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgclean.images.jpeg.record import Encoding, JpegRecord
    from imgclean.images.picture import LengthUnit

    Segments = tuple[tuple[int, bytes], ...]

_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_ICC = b"ICC_PROFILE\x00"
_ICC_PART = LARGEST_PAYLOAD - len(_ICC) - 2
_DENSITY_UNITS: dict[int, LengthUnit] = {1: "inch", 2: "centimetre"}


def gather_metadata(segments: Sequence[tuple[int, bytes]], own: JpegRecord) -> Metadata:
    """Return the metadata of a JPEG file.

    Args:
        segments: marker and payload of its metadata segments.
        own: the codec's record.
    """
    resources = b"".join(_all(segments, APP13, PHOTOSHOP))  # a long block is cut anywhere
    density = _resolution(_first(segments, APP0, JFIF) or b"")
    return Metadata(
        icc=_icc_profile(segments),
        exif=_first(segments, APP1, EXIF),
        xmp=_first(segments, APP1, _XMP),
        iptc=iptc_of_resources(resources),
        resolution=density or resolution_of_resources(resources),
        quality=quality_of_luma(sum(own.tables[0])),
        own=own,
    )


def metadata_segments(metadata: Metadata, encoding: Encoding) -> Segments:
    """Return segments, as marker and payload, that say what `metadata` says in general.

    EXIF blocks and XMP packets that do not fit into a segment are left out.

    Args:
        metadata: of a picture that has no JPEG segments of its own.
        encoding: what the components are; the segments say it too.
    """
    jfif = encoding in ("gray", "ycc")  # JFIF knows no others, so Photoshop's density stands in
    resolution = metadata.resolution
    segments = [(APP0, _jfif(resolution)) if jfif else adobe_segment(encoding)]
    for prefix, content in ((EXIF, metadata.exif), (_XMP, metadata.xmp)):
        if content and len(prefix) + len(content) <= LARGEST_PAYLOAD:
            segments.append((APP1, prefix + content))
    resources = resources_with(iptc=metadata.iptc, resolution=None if jfif else resolution)
    segments += [
        (APP13, PHOTOSHOP + part) for part in _cut(resources, LARGEST_PAYLOAD - len(PHOTOSHOP))
    ]
    parts = _cut(metadata.icc or b"", _ICC_PART)
    if len(parts) < 256:
        segments += [
            (APP2, _ICC + bytes((number, len(parts))) + part)
            for number, part in enumerate(parts, start=1)
        ]
    return tuple(segments)


def with_packet(segments: Segments, xmp: bytes | None) -> Segments:
    """Return segments in which `xmp` stands for the XMP packet, if there is one, that was there.

    A packet that does not fit into a segment changes nothing. Parts of the packet in segments of
    their own (extended XMP) stay: they belong to one property of the packet.
    """
    if xmp == _first(segments, APP1, _XMP) or len(_XMP) + len(xmp or b"") > LARGEST_PAYLOAD:
        return segments
    new = [(APP1, _XMP + xmp)] if xmp is not None else []
    kept = list(segments)
    at = next((i for i, each in enumerate(kept) if _is(each, APP1, _XMP)), None)
    if at is not None:
        kept[at : at + 1] = new
        return tuple(kept)
    last = (i for i in range(len(kept), 0, -1) if kept[i - 1][0] == APP0 or _is_exif(kept[i - 1]))
    at = next(last, 0)  # behind what readers expect first
    return (*kept[:at], *new, *kept[at:])


def _is(segment: tuple[int, bytes], marker: int, prefix: bytes) -> bool:
    return segment[0] == marker and segment[1].startswith(prefix)


def _is_exif(segment: tuple[int, bytes]) -> bool:
    return _is(segment, APP1, EXIF)


def _all(segments: Iterable[tuple[int, bytes]], marker: int, prefix: bytes) -> list[bytes]:
    return [each[1][len(prefix) :] for each in segments if _is(each, marker, prefix)]


def _first(segments: Iterable[tuple[int, bytes]], marker: int, prefix: bytes) -> bytes | None:
    return next(iter(_all(segments, marker, prefix)), None)


def _cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def _icc_profile(segments: Iterable[tuple[int, bytes]]) -> bytes | None:
    parts = sorted(part for part in _all(segments, APP2, _ICC) if len(part) > 2)
    complete = [part[0] for part in parts] == list(range(1, len(parts) + 1))
    if not parts or not complete or parts[0][1] != len(parts):
        return None
    return b"".join(part[2:] for part in parts)


def _resolution(jfif: bytes) -> Resolution | None:
    if len(jfif) < 7:
        return None
    unit, x, y = struct.unpack_from(">BHH", jfif, 2)
    if unit not in _DENSITY_UNITS or not x or not y:
        return None
    return Resolution(float(x), float(y), _DENSITY_UNITS[unit])


def _jfif(resolution: Resolution | None) -> bytes:
    unit, x, y = 0, 1, 1
    if resolution:
        unit = 2 if resolution.unit == "centimetre" else 1
        x, y = (round(each) for each in resolution.per(_DENSITY_UNITS[unit]))
    if not (0 < x < 1 << 16 and 0 < y < 1 << 16):
        unit, x, y = 0, 1, 1
    return JFIF + struct.pack(">HBHHBB", 0x0101, unit, x, y, 0, 0)
