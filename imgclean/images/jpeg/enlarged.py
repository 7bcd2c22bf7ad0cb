"""Metadata segments of a JPEG file whose image was enlarged."""

from __future__ import annotations

import struct

from imgclean.images.jpeg.segments import APP0, APP1, APP13, EXIF, JFIF, PHOTOSHOP
from imgclean.images.metadata.enlarged import enlarged_exif
from imgclean.images.metadata.iptc import enlarged_resources

_LARGEST_DENSITY = (1 << 16) - 1
_DENSITY_AT = 8  # of a JFIF segment's payload; 0 a unit before it stands for an aspect alone


def enlarged_payload(marker: int, payload: bytes, scale: int) -> bytes:
    """Return a segment's payload, of its length, with densities and sizes times `scale`.

    XMP is a general field of the metadata, which takes the packet's place when a file is written.
    """
    if marker == APP0 and payload.startswith(JFIF) and len(payload) >= _DENSITY_AT + 4:
        unit = payload[_DENSITY_AT - 1]
        x, y = (each * scale for each in struct.unpack_from(">HH", payload, _DENSITY_AT))
        if unit and max(x, y) <= _LARGEST_DENSITY:
            return payload[:_DENSITY_AT] + struct.pack(">HH", x, y) + payload[_DENSITY_AT + 4 :]
    elif marker == APP1 and payload.startswith(EXIF):
        return EXIF + (enlarged_exif(payload[len(EXIF) :], scale) or b"")
    elif marker == APP13 and payload.startswith(PHOTOSHOP):
        return PHOTOSHOP + enlarged_resources(payload[len(PHOTOSHOP) :], scale)
    return payload
