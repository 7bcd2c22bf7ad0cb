"""Image formats that are known by their first bytes or by name, but not read.

They are named so that a file which is left out can be told about, rather than passed by.
"""

from __future__ import annotations

import re

HEAD_BYTES = 512
"""As much of a file's beginning as recognising its format takes."""

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"8BPS", "Photoshop document"),
    (b"gimp xcf", "GIMP document"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"SIMPLE  =", "FITS"),
    (b"ZISRAWFILE", "Zeiss CZI"),
    (b"qoif", "QOI"),
    (b"\x00\x00\x01\x00", "Windows icon"),
    (b"FUJIFILMCCD-RAW", "Fujifilm raw photo"),
    (b"IIU\x00", "Panasonic raw photo"),
    (b"IIRO", "Olympus raw photo"),
    (b"IIRS", "Olympus raw photo"),
    (b"MMOR", "Olympus raw photo"),
    (b"FOVb", "Sigma raw photo"),
)

_ISO_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"crx ": "Canon raw photo (CR3)",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"mif1": "HEIF",
    b"msf1": "HEIF",
}

_NETPBM = re.compile(rb"P(?:[1-6Ff]\s+[0-9#]|7\nWIDTH)")

UNSUPPORTED_SUFFIXES = frozenset(
    (
        *(".gif", ".webp", ".bmp", ".dib", ".ico", ".qoi", ".tga", ".mpo"),
        *(".jp2", ".j2k", ".jpf", ".jpx", ".jxl", ".jxr", ".avif", ".heic", ".heif", ".hif"),
        *(".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".pfm", ".exr", ".psd", ".psb", ".xcf"),
        *(".dcm", ".fits", ".stk", ".lsm", ".czi"),
        *(".nef", ".nrw", ".cr2", ".cr3", ".arw", ".sr2", ".srf", ".dng", ".raf", ".orf"),
        *(".rw2", ".pef", ".srw", ".x3f", ".3fr", ".iiq", ".erf", ".kdc", ".mrw", ".rwl"),
    )
)
"""Suffixes of formats that are not read, in lower case."""


def unsupported_format(head: bytes) -> str | None:
    """Return the name of the unsupported image format that a file begins as, or None."""
    for start, title in _STARTS:
        if head.startswith(start):
            return title
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _ISO_BRANDS.get(head[8:12])
    if head[128:132] == b"DICM":
        return "DICOM"
    if head[:2] == b"BM" and head[6:10] == bytes(4) and head[15:18] == bytes(3):
        return "BMP"
    if _NETPBM.match(head):
        return "PFM" if head[1:2] in b"Ff" else "PNM"
    return None
