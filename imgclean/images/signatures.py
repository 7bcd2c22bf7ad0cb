"""Image formats that are known by their first bytes or by name, but not read.

They are named so that a file which is left out can be told about, rather than passed by, and
each with what to do to have it cleaned.
"""

from __future__ import annotations

from typing import NamedTuple

HEAD_BYTES = 512
"""As much of a file's beginning as recognising its format takes."""


class Unsupported(NamedTuple):
    """An image format that is not read: its name, and what to do about it."""

    title: str
    hint: str


_DEVELOP = "develop it to a 16-bit TIFF first, for example with darktable or RawTherapee"
_AS_PNG = "convert it to PNG first, for example with ImageMagick"
_AS_FLOATS = "convert it to a TIFF of 32-bit floats first"
_FLATTENED = "save it as TIFF, in one layer, first"
_MICROSCOPE = "convert it to OME-TIFF first, for example with Bio-Formats (bfconvert)"
_FROM_FIJI = "save it as TIFF first, for example with Fiji"

_DICOM = Unsupported("DICOM", "export it as 16-bit TIFF first, for example with Fiji")
_CANON_OLD = Unsupported("Canon raw photo (CR2)", _DEVELOP)
_CANON_NEW = Unsupported("Canon raw photo (CR3)", _DEVELOP)
_NIFTI = Unsupported("NIfTI", _FROM_FIJI)

_STARTS: tuple[tuple[bytes, Unsupported], ...] = (
    (b"II\xbc\x01", Unsupported("JPEG XR", _AS_PNG)),
    (b"\xff\xd8\xff\xf7", Unsupported("JPEG-LS", _AS_PNG)),
    (b"8BPS", Unsupported("Photoshop document", _FLATTENED)),
    (b"gimp xcf", Unsupported("GIMP document", _FLATTENED)),
    (b"v/1\x01", Unsupported("OpenEXR", _AS_FLOATS)),
    (b"#?RADIANCE", Unsupported("Radiance HDR", _AS_FLOATS)),
    (b"#?RGBE", Unsupported("Radiance HDR", _AS_FLOATS)),
    (b"SIMPLE  =", Unsupported("FITS", _AS_FLOATS)),
    (b"ZISRAWFILE", Unsupported("Zeiss CZI", _MICROSCOPE)),
    (b"\xda\xce\xbe\x0a", Unsupported("Nikon ND2", _MICROSCOPE)),
    (b"qoif", Unsupported("QOI", _AS_PNG)),
    (b"\x8aMNG\r\n\x1a\n", Unsupported("MNG", "save its frames as PNG first")),
    (b"SDPX", Unsupported("DPX", "convert it to 16-bit TIFF first")),
    (b"XPDS", Unsupported("DPX", "convert it to 16-bit TIFF first")),
    (b"\x00\x00\x01\x00", Unsupported("Windows icon", "save the size you need as PNG first")),
    (b"icns", Unsupported("Apple icon", "save the size you need as PNG first")),
    (b"FUJIFILMCCD-RAW", Unsupported("Fujifilm raw photo", _DEVELOP)),
    (b"IIU\x00", Unsupported("Panasonic raw photo", _DEVELOP)),
    (b"IIRO", Unsupported("Olympus raw photo", _DEVELOP)),
    (b"IIRS", Unsupported("Olympus raw photo", _DEVELOP)),
    (b"MMOR", Unsupported("Olympus raw photo", _DEVELOP)),
    (b"\x00MRM", Unsupported("Minolta raw photo", _DEVELOP)),
    (b"FOVb", Unsupported("Sigma raw photo", _DEVELOP)),
)

_WITHOUT_SIGNATURE = {
    ".tga": Unsupported("Targa (TGA)", _AS_PNG),
    ".dcm": _DICOM,  # files from before DICOM had a preamble
}

UNSUPPORTED_SUFFIXES = frozenset(
    (
        *(".ico", ".icns", ".qoi", ".tga", ".jxr", ".jls", ".exr", ".hdr", ".psd", ".psb", ".xcf"),
        *(".mng", ".dpx", ".dcm", ".nii", ".fits", ".lsm", ".czi", ".nd2"),
        *(".nef", ".nrw", ".cr2", ".cr3", ".arw", ".sr2", ".srf", ".dng", ".raf", ".orf"),
        *(".rw2", ".pef", ".srw", ".x3f", ".3fr", ".iiq", ".erf", ".kdc", ".mrw", ".rwl"),
    )
)
"""Suffixes of formats that are not read, in lower case."""


def unsupported_format(head: bytes) -> Unsupported | None:
    """Return the unsupported image format that a file begins as, or None."""
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    if head.startswith(b"II*\x00") and head[8:10] == b"CR":
        return _CANON_OLD
    if head[4:12] == b"ftypcrx ":
        return _CANON_NEW
    if head[128:132] == b"DICM":
        return _DICOM
    return _NIFTI if head[344:348] in (b"n+1\x00", b"ni1\x00") else None


def format_without_signature(name: str) -> Unsupported | None:
    """Return the unsupported format that a file's name means, if it can begin with any bytes."""
    named = (each for suffix, each in _WITHOUT_SIGNATURE.items() if name.lower().endswith(suffix))
    return next(named, None)
