"""The files that the tables of docs/formats.md are measured with."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import imagecodecs
import numpy as np
from PIL import Image
from read_only_material import SAID, heif, read_only
from specimens import (
    COLOURS,
    KINDS,
    Kind,
    everything,
    file_of,
    moving,
    png_of_few_bits,
    samples_of,
    wide_profile,
)
from tiff_material import random_samples, smooth_samples, tiff

from imgclean.images.formats import WRITTEN
from imgclean.images.picture import Metadata, Picture
from imgclean.images.write import encode_image

if TYPE_CHECKING:
    from collections.abc import Iterator

DTYPES = {"half": "float16", "single": "float32", "double": "float64"}
SMOOTH = smooth_samples("uint8", (40, 48, 3))
GRAINY = np.maximum(SMOOTH, random_samples("uint8", SMOOTH.shape, highest=60))
TWO = np.stack([SMOOTH, SMOOTH // 2])


class Trial(NamedTuple):
    """A file, and the cell of the table that it belongs to.

    Attributes:
        row: name of a format.
        column: heading.
        label: what of the cell it is.
        data: the file.
    """

    row: str
    column: str
    label: str
    data: bytes


def in_kind() -> Iterator[Trial]:
    """Yield the files that are written in their own format."""
    yield from _depths_in_kind()
    for kind in KINDS:
        yield Trial(kind.format, kind.space, str(kind), file_of(kind, samples_of(kind)))
    yield from _moving()
    for each in WRITTEN:
        exact = next((k for k in KINDS if k.format == each.name and k.format != "jpeg"), None)
        if exact:
            yield Trial(each.name, "lossless", "yes", file_of(exact, samples_of(exact)))
        colours = _first(each.name, "rgb")
        data = file_of(colours, samples_of(colours), everything())
        for column in SAID:
            yield Trial(each.name, column, "", data)
        if lossy := _lossy(each.name):
            yield Trial(each.name, "lossless", "no", lossy)
    yield from (Trial(*each) for each in read_only())


def converted() -> Iterator[Trial]:
    """Yield the TIFF files that are written as each other format, whose name the row is."""
    for each in WRITTEN:
        if each.name == "tiff":
            continue
        for bits in (8, 10, 12, 16):
            samples = random_samples(
                "uint8" if bits == 8 else "uint16", (20, 30), highest=(1 << bits) - 1
            )
            packed = {"bitspersample": bits} if bits % 8 else {}
            yield Trial(each.name, "bits", str(bits), tiff(samples, **packed))
        for label, dtype in DTYPES.items():
            yield Trial(each.name, "bits", label, tiff(random_samples(dtype, (20, 30))))
        for space in COLOURS:
            for alpha in (False, True):
                kind = Kind("tiff", space, alpha, each.dtypes[0], None)
                yield Trial(each.name, space, str(kind), file_of(kind, samples_of(kind)))
        colours = Kind("tiff", "rgb", False, each.dtypes[0], None)
        samples = samples_of(colours)
        yield Trial(each.name, "lossless", "yes", file_of(colours, samples))
        pages = TWO.astype(each.dtypes[0])
        yield Trial(each.name, "several images", "", tiff(pages, photometric="rgb"))
        for column in SAID:
            yield Trial(each.name, column, "", file_of(colours, samples, everything()))
        wide = Metadata(icc=wide_profile())
        yield Trial(each.name, "ICC", "wide", file_of(colours, samples, wide))


def _first(name: str, space: str) -> Kind:
    return next(kind for kind in KINDS if (kind.format, kind.space) == (name, space))


def _depths_in_kind() -> Iterator[Trial]:
    few = np.random.default_rng(0).integers(0, 2, (20, 30), np.uint8)
    for bits in (1, 2, 4):
        yield Trial("png", "bits", str(bits), png_of_few_bits(bits))
    yield Trial("jpeg", "bits", "8", _lossy("jpeg"))
    deep = np.full((16, 16), 2000, np.uint16)
    yield Trial("jpeg", "bits", "12", bytes(imagecodecs.jpeg_encode(deep, bitspersample=12)))
    for bits in (1, 2, 4):
        samples = few.astype(bool) if bits == 1 else few
        packed = {} if bits == 1 else {"bitspersample": bits}
        yield Trial("tiff", "bits", str(bits), tiff(samples, **packed))
        stream = imagecodecs.jpeg2k_encode(few, bitspersample=bits, reversible=True)
        yield Trial("jpeg2000", "bits", str(bits), bytes(stream))
        stream = imagecodecs.jpegxl_encode(few, bitspersample=bits, lossless=True)
        yield Trial("jpegxl", "bits", str(bits), bytes(stream))
    for bits in (10, 12):
        samples = random_samples("uint16", (20, 30), highest=(1 << bits) - 1)
        yield Trial("tiff", "bits", str(bits), tiff(samples, bitspersample=bits))
    for dtype in ("int16", "uint32", "int32"):
        yield Trial("tiff", "bits", dtype, tiff(few.astype(dtype)))
    for name, bits in (("bmp", 1), ("pnm", 1)):
        stream = BytesIO()
        Image.fromarray(few * 255).convert("1").save(stream, {"pnm": "ppm"}.get(name, name))
        yield Trial(name, "bits", str(bits), stream.getvalue())
    for bits in (2, 4):
        yield Trial("pnm", "bits", str(bits), b"P5\n2 1\n%d\n\x00\x01" % ((1 << bits) - 1))
    gray = [kind for kind in KINDS if kind.space == "gray" and not kind.alpha]
    for kind in (*gray, _first("webp", "rgb")):
        names = {dtype: label for label, dtype in DTYPES.items()} | {"uint8": "8", "uint16": "16"}
        label = names[kind.dtype] if kind.bits is None else str(kind.bits)
        if kind.format != "jpeg" and label != "5":
            yield Trial(kind.format, "bits", label, file_of(kind, samples_of(kind)))


def _moving() -> Iterator[Trial]:
    for name, kind in (("png", "png"), ("webp", "webp"), ("gif", "gif"), ("avif", "avif")):
        yield Trial(name, "several images", "", moving(kind))
    yield Trial("jpeg", "several images", "", moving("mpo"))
    yield Trial("tiff", "several images", "", tiff(TWO, photometric="rgb"))
    yield Trial("jpegxl", "several images", "", bytes(imagecodecs.jpegxl_encode(TWO)))
    yield Trial("pnm", "several images", "", b"P5\n2 1\n255\n\x05\x0f" * 2)
    yield Trial("heif", "several images", "", heif(SMOOTH, SMOOTH // 2))


def _lossy(name: str) -> bytes:
    """Return a file that lost something; empty where there is none."""
    if name == "tiff":
        return tiff(GRAINY, photometric="rgb", compression="jpeg")
    if name == "pfm":
        return b""  # it holds no bytes
    picture = Picture(GRAINY, False, "other")
    data = encode_image(picture, name, 80)
    return b"" if data == encode_image(picture, name) else data
