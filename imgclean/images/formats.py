"""The image formats that are read and written: one entry here and one codec module for each.

Imports no codec: a folder is walked and planned without numpy and without any image library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting, nearest_names
from imgclean.images.format import Format
from imgclean.images.signatures import HEAD_BYTES, UNSUPPORTED_SUFFIXES, unsupported_format

if TYPE_CHECKING:
    from pathlib import Path


def _begins(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


FORMATS: tuple[Format, ...] = (
    Format(
        name="png",
        title="PNG",
        suffixes=(".png", ".apng"),
        pattern=_begins(rb"\x89PNG\r\n\x1a\n"),
        module="imgclean.images.png.codec",
        dtypes=("uint8", "uint16"),
        alpha=True,
        longest_side=2**31 - 1,
        holds=("icc", "exif", "xmp", "iptc"),
    ),
    Format(
        name="jpeg",
        title="JPEG",
        suffixes=(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
        pattern=_begins(rb"\xff\xd8\xff"),
        module="imgclean.images.jpeg.codec",
        dtypes=("uint8",),
        spaces=("gray", "rgb", "cmyk"),
        alpha=False,
        longest_side=65_500,  # libjpeg's own limit, a little below the format's
        holds=("icc", "exif", "xmp", "iptc"),
        largest_block=65_500,  # of a segment, without what names the block
    ),
    Format(
        name="tiff",
        title="TIFF",
        suffixes=(".tif", ".tiff", ".btf", ".tf8", ".stk"),
        pattern=_begins(rb"II[*+]\x00|MM\x00[*+]"),
        module="imgclean.images.tiff.codec",
        dtypes=("uint8", "uint16", "float16", "float32", "float64"),
        spaces=("gray", "rgb", "cmyk", "separate"),
        alpha=True,
        longest_side=2**32 - 1,
        holds=("icc", "exif", "xmp", "iptc"),
    ),
    Format(
        name="webp",
        title="WebP",
        suffixes=(".webp",),
        pattern=_begins(rb"RIFF....WEBP"),
        module="imgclean.images.webp.codec",
        dtypes=("uint8",),
        alpha=True,
        longest_side=16_383,
    ),
    Format(
        name="jpeg2000",
        title="JPEG 2000",
        suffixes=(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
        pattern=_begins(rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
        module="imgclean.images.jpeg2000.codec",
        dtypes=("uint8", "uint16"),
        alpha=True,
        longest_side=2**31 - 1,
        depths=tuple(range(1, 17)),
        holds=("icc", "exif", "xmp", "iptc"),
    ),
    Format(
        name="jpegxl",
        title="JPEG XL",
        suffixes=(".jxl",),
        pattern=_begins(rb"\x00\x00\x00\x0cJXL \r\n\x87\n|\xff\x0a"),
        module="imgclean.images.jpegxl.codec",
        dtypes=("uint8", "uint16", "float16", "float32"),
        alpha=True,
        longest_side=2**30,
        depths=tuple(range(1, 17)),
    ),
    Format(
        name="avif",
        title="AVIF",
        suffixes=(".avif",),
        pattern=_begins(rb"....ftyp(?:avi[fs]|mi[fa][1f].{4,32}?avif)"),
        module="imgclean.images.avif.codec",
        dtypes=("uint8", "uint16"),
        alpha=True,
        longest_side=65_536,
        highest=4095,
        depths=(8, 10, 12),
    ),
    Format(
        name="bmp",
        title="BMP",
        suffixes=(".bmp", ".dib"),
        pattern=_begins(rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00"),
        module="imgclean.images.bmp.codec",
        dtypes=("uint8",),
        alpha=True,
        longest_side=2**31 - 1,
        holds=("icc",),
    ),
    Format(
        name="pnm",
        title="PNM",
        suffixes=(".pnm", ".ppm", ".pgm", ".pam", ".pbm"),
        pattern=_begins(rb"P(?:[1-6]\s*(?:#|\s\d+\s+(?:#|\d))|7\s*\n)"),
        module="imgclean.images.netpbm.pnm",
        dtypes=("uint8", "uint16"),
        alpha=True,
        longest_side=2**31 - 1,
        depths=tuple(range(1, 17)),
        holds=(),
    ),
    Format(
        name="pfm",
        title="PFM",
        suffixes=(".pfm",),
        pattern=_begins(rb"P[Ff]\s+\d"),
        module="imgclean.images.netpbm.pfm",
        dtypes=("float32",),
        alpha=False,
        longest_side=2**31 - 1,
        holds=(),
    ),
    Format(
        name="gif",
        title="GIF",
        suffixes=(".gif",),
        pattern=_begins(rb"GIF8[79]a"),
        module="imgclean.images.gif.codec",
        dtypes=("uint8",),
        alpha=True,
        longest_side=65_535,
        substitute="png",
    ),
    Format(
        name="heif",
        title="HEIF",
        suffixes=(".heic", ".heif", ".hif"),
        pattern=_begins(rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)"),
        module="imgclean.images.heif",
        dtypes=("uint8", "uint16"),
        alpha=True,
        longest_side=65_535,
        substitute="png",
    ),
)

WRITTEN = tuple(each for each in FORMATS if each.substitute is None)
"""The formats that are written too."""

IMAGE_SUFFIXES: frozenset[str] = UNSUPPORTED_SUFFIXES.union(*(each.suffixes for each in FORMATS))
"""Suffixes that name images, supported or not, in lower case."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file's first bytes say.

    Attributes:
        title: the format as people name it.
        format: its entry, or None if it is not supported.
        hint: what to do about one that is not.
    """

    title: str
    format: Format | None
    hint: str = ""


def recognise_bytes(head: bytes) -> Recognised | None:
    """Say which image format a file's first `HEAD_BYTES` bytes belong to; None if to none."""
    unsupported = unsupported_format(head)
    if unsupported is not None:
        return Recognised(unsupported.title, None, unsupported.hint)
    found = next((each for each in FORMATS if each.recognises(head)), None)
    return None if found is None else Recognised(found.title, found)


def written_format(name: str) -> str:
    """Return the name of the format that an image of a format is written in."""
    found = next(each for each in FORMATS if each.name == name)
    return found.substitute or found.name


def recognise(path: Path) -> Recognised | None:
    """Say which image format a file is of by its first bytes.

    None if of none, if it cannot be read, or if it is no regular file (a pipe would not end).
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return recognise_bytes(stream.read(HEAD_BYTES))
    except OSError:
        return None


def format_of_suffix(path: Path) -> Format | None:
    """Return the format that a path's suffix names, in any case; None if none."""
    suffix = path.suffix.lower()
    return next((each for each in FORMATS if suffix in each.suffixes), None)


def format_by_name(name: str) -> Format:
    """Return the format to write of that name or suffix (`jpeg`, `jpg` and `.jpg` alike).

    Raises:
        InvalidSetting: there is none.
    """
    wanted = name.lower().removeprefix(".")
    for each in WRITTEN:
        if wanted == each.name or f".{wanted}" in each.suffixes:
            return each
    known = [each.name for each in WRITTEN]
    nearest = nearest_names(wanted, known)
    raise InvalidSetting(
        f"unknown image format: {name}",
        hint=f"did you mean {nearest[0]}?" if nearest else f"formats: {', '.join(known)}",
    )
