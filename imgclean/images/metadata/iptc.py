"""Photoshop's image resources, in which JPEG, PNG and TIFF hold IPTC records and more.

Adobe Photoshop File Formats Specification, "Image Resource Blocks": a signature, a number, a name
and the content. JPEG has them in APP13, TIFF in tag 34377, PNG in a text chunk by convention.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from imgclean.images.picture import Resolution

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNATURES = (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR")
_IPTC, _RESOLUTION = 0x0404, 0x03ED
_RESOLUTION_BYTES = 16
_LARGEST = (1 << 32) - 1
_FIXED_POINT = 65_536  # a density is 16 bits before and 16 bits behind the point
_NO_NAME = b"\x00\x00"


def photoshop_resources(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each resource in a block, up to the first damaged one."""
    for number, start, end in _places(block):
        yield number, block[start:end]


def _places(block: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each resource's content."""
    position = 0
    while block[position : position + 4] in _SIGNATURES:
        name_at = position + 6
        name_end = name_at + 1 + int.from_bytes(block[name_at : name_at + 1])
        name_end += (name_end - name_at) % 2
        start = name_end + 4
        end = start + int.from_bytes(block[name_end:start])
        if end > len(block):
            return
        yield int.from_bytes(block[position + 4 : name_at]), start, end
        position = end + (end - start) % 2


def iptc_of_resources(block: bytes) -> bytes | None:
    """Return the IPTC-IIM records in a block of resources; None if it has none."""
    found = (content for number, content in photoshop_resources(block) if number == _IPTC)
    return next(found, None) or None


def resolution_of_resources(block: bytes) -> Resolution | None:
    """Return the density in a block of resources, which is always per inch; None if there is none.

    A structure ResolutionInfo: pixels per inch as fixed point, and units to display it in.
    """
    for number, content in photoshop_resources(block):
        if number == _RESOLUTION and len(content) == _RESOLUTION_BYTES:
            x, y = struct.unpack(">I4xI4x", content)
            return Resolution(x / _FIXED_POINT, y / _FIXED_POINT, "inch") if x and y else None
    return None


def enlarged_resources(block: bytes, scale: int) -> bytes:
    """Return a block, of its length, with the density of the image enlarged by `scale`."""
    changed = bytearray(block)
    for number, start, end in _places(block):
        if number == _RESOLUTION and end - start == _RESOLUTION_BYTES:
            for place in (start, start + _RESOLUTION_BYTES // 2):
                density = int.from_bytes(block[place : place + 4]) * scale
                changed[place : place + 4] = min(density, _LARGEST).to_bytes(4)
    return bytes(changed)


def resources_with(*, iptc: bytes | None = None, resolution: Resolution | None = None) -> bytes:
    """Return a block of resources that says so; empty if there is nothing to say."""
    block = b""
    if resolution:
        x, y = (round(each * _FIXED_POINT) for each in resolution.per("inch"))
        if 0 < x < 1 << 32 and 0 < y < 1 << 32:
            block += _resource(_RESOLUTION, struct.pack(">IHHIHH", x, 1, 2, y, 1, 2))
    return block + _resource(_IPTC, iptc) if iptc else block


def _resource(number: int, content: bytes) -> bytes:
    head = struct.pack(">4sH2sI", b"8BIM", number, _NO_NAME, len(content))
    return head + content + bytes(len(content) % 2)
