"""What the metadata segments of a JPEG file say, and segments that say the same."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from imgclean.images.jpeg_segments import APP0, APP1, APP2, LARGEST_PAYLOAD
from imgclean.images.picture import Metadata, Record, Resolution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgclean.images.picture import LengthUnit

_JFIF = b"JFIF\x00"
_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_ICC = b"ICC_PROFILE\x00"
_ICC_PART = LARGEST_PAYLOAD - len(_ICC) - 2
_DENSITY_UNITS: dict[int, LengthUnit] = {1: "inch", 2: "centimetre"}


def gather_metadata(segments: Sequence[tuple[int, bytes]], own: Record) -> Metadata:
    """Return the metadata of a JPEG file.

    Args:
        segments: marker and payload of its metadata segments.
        own: the codec's record.
    """
    return Metadata(
        icc=_icc_profile(segments),
        exif=_first(segments, APP1, _EXIF),
        xmp=_first(segments, APP1, _XMP),
        resolution=_resolution(_first(segments, APP0, _JFIF) or b""),
        own=own,
    )


def metadata_segments(metadata: Metadata) -> tuple[tuple[int, bytes], ...]:
    """Return segments, as marker and payload, that say what `metadata` says in general.

    EXIF blocks and XMP packets that do not fit into a segment are left out.
    """
    segments = [(APP0, _jfif(metadata.resolution))]
    for prefix, content in ((_EXIF, metadata.exif), (_XMP, metadata.xmp)):
        if content and len(prefix) + len(content) <= LARGEST_PAYLOAD:
            segments.append((APP1, prefix + content))
    icc = metadata.icc or b""
    parts = [icc[start : start + _ICC_PART] for start in range(0, len(icc), _ICC_PART)]
    if len(parts) < 256:
        segments += [
            (APP2, _ICC + bytes((number, len(parts))) + part)
            for number, part in enumerate(parts, start=1)
        ]
    return tuple(segments)


def _first(segments: Iterable[tuple[int, bytes]], marker: int, prefix: bytes) -> bytes | None:
    for found, payload in segments:
        if found == marker and payload.startswith(prefix):
            return payload[len(prefix) :]
    return None


def _icc_profile(segments: Iterable[tuple[int, bytes]]) -> bytes | None:
    parts = sorted(
        payload[len(_ICC) :]
        for marker, payload in segments
        if marker == APP2 and payload.startswith(_ICC) and len(payload) > len(_ICC) + 2
    )
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
    return _JFIF + struct.pack(">HBHHBB", 0x0101, unit, x, y, 0, 0)
