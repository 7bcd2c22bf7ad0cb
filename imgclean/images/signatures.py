"""Image formats that are known by their first bytes or by name, but not read.

They are named so that a file which is left out can be told about, rather than passed by.
"""

from __future__ import annotations

HEAD_BYTES = 512
"""As much of a file's beginning as recognising its format takes."""

_STARTS: tuple[tuple[bytes, str], ...] = (
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

UNSUPPORTED_SUFFIXES = frozenset(
    (
        *(".ico", ".qoi", ".tga", ".jxr", ".exr", ".hdr", ".psd", ".psb", ".xcf"),
        *(".dcm", ".fits", ".lsm", ".czi"),
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
    if head.startswith(b"II*\x00") and head[8:10] == b"CR":
        return "Canon raw photo (CR2)"
    if head[4:12] == b"ftypcrx ":
        return "Canon raw photo (CR3)"
    if head[128:132] == b"DICM":
        return "DICOM"
    return None
