"""TIFF files that are damaged or of kinds that are not handled: each says which."""

from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from tiff_material import random_samples

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.limits import ReadRules
from imgclean.images.read import decode_image

SAMPLES = random_samples("uint8", (40, 50, 3))
ODD_FILES = Path(__file__).parents[3] / "shared" / "data" / "robust"


def by_pillow(mode: str, compression: str) -> bytes:
    stream = BytesIO()
    Image.new(mode, (32, 24)).save(stream, "tiff", compression=compression)
    return stream.getvalue()


def by_tifffile(samples: np.ndarray, **settings: Any) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, samples, **{"metadata": None, **settings})
    return stream.getvalue()


WHOLE = {
    "plain.tif": by_tifffile(SAMPLES, photometric="rgb"),
    "lzw.tif": by_tifffile(SAMPLES, photometric="rgb", compression="lzw", rowsperstrip=7),
    "tiled.tif": by_tifffile(SAMPLES, photometric="rgb", compression="zlib", tile=(16, 16)),
    "zstd.tif": by_tifffile(SAMPLES[:, :, 0].astype(np.float32), compression="zstd"),
    "packed.tif": by_tifffile(SAMPLES[:, :, 0].astype(np.uint16), bitspersample=12),
    "palette.tif": by_pillow("P", "packbits"),
    "jpeg.tif": by_tifffile(SAMPLES, photometric="rgb", compression="jpeg", rowsperstrip=16),
    "libtiff.tif": by_pillow("YCbCr", "jpeg"),
    "jpeg2000.tif": by_tifffile(SAMPLES, photometric="rgb", compression="jpeg2000"),
    "jpegxl.tif": by_tifffile(SAMPLES, photometric="rgb", compression="jpegxl"),
    "webp.tif": by_tifffile(SAMPLES, photometric="rgb", compression="webp"),
    "lzma.tif": by_tifffile(SAMPLES, photometric="rgb", compression="lzma", predictor=2),
    "big.tif": by_tifffile(SAMPLES, photometric="rgb", compression="zlib", bigtiff=True),
    "motorola.tif": by_tifffile(
        np.moveaxis(SAMPLES, 2, 0), photometric="rgb", planarconfig="separate", byteorder=">"
    ),
}


def two_pages(**second: Any) -> bytes:
    stream = BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(SAMPLES[:, :, 0], photometric="minisblack", metadata=None)
        writer.write(SAMPLES[:, :, 1], photometric="minisblack", metadata=None, **second)
    return stream.getvalue()


def imagej_stack() -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, np.zeros((5, 8, 9), np.uint16), imagej=True, truncate=True)
    return stream.getvalue()


def raw_in_a_sub_directory() -> bytes:
    stream = BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(SAMPLES, photometric="rgb", metadata=None, subifds=1)
        writer.write(SAMPLES[:, :, 0].astype(np.uint16), photometric="cfa", metadata=None)
    return stream.getvalue()


def tiff_with(code: int, *values: int, base: bytes = WHOLE["plain.tif"]) -> bytes:
    """Return a TIFF in which the first values of a tag are others."""
    with tifffile.TiffFile(BytesIO(base)) as file:
        tag = file.pages.first.tags[code]
    content = struct.pack(f"<{len(values)}{ {3: 'H', 4: 'I'}[tag.dtype] }", *values)
    return base[: tag.valueoffset] + content + base[tag.valueoffset + len(content) :]


def tiff_header(width: int, height: int) -> bytes:
    return tiff_with(257, height, base=tiff_with(256, width))


GRAY = SAMPLES[:, :, 0]
UNSUPPORTED = {
    "pages.tif": (two_pages(), "several images"),
    "stack.tif": (imagej_stack(), "stack"),
    "volume.tif": (
        by_tifffile(np.zeros((16, 16, 16), np.uint8), volumetric=True, tile=(16, 16, 16)),
        "stack",
    ),
    "photo.nef": (by_tifffile(SAMPLES, photometric="rgb", subfiletype=1), "raw photo"),
    "photo.dng": (
        by_tifffile(SAMPLES, photometric="rgb", extratags=[(50706, 1, 4, (1, 4, 0, 0), True)]),
        "raw photo",
    ),
    "photo.raw": (raw_in_a_sub_directory(), "raw photo"),
    "bilevel.tif": (by_tifffile(GRAY > 99, photometric="minisblack"), "1 bit"),
    "fax.tif": (by_pillow("1", "group4"), "1 bit"),
    "byte.tif": (by_tifffile(GRAY.astype(np.int8)), "int8"),
    "signed.tif": (by_tifffile(GRAY.astype(np.int16)), "int16"),
    "wide.tif": (by_tifffile(GRAY.astype(np.uint32)), "uint32"),
    "long.tif": (by_tifffile(GRAY.astype(np.int64)), "int64"),
    "complex.tif": (by_tifffile(GRAY.astype(np.complex64)), "complex64"),
    "lab.tif": (by_pillow("LAB", "raw"), "CIELAB"),
    "video.tif": (by_pillow("YCbCr", "raw"), "YCBCR colours that are not JPEG"),
    "raw.tif": (by_tifffile(GRAY, photometric="cfa"), "CFA"),
    "inverse.tif": (
        by_tifffile(GRAY.astype(np.float32), photometric="miniswhite"),
        "0 is white",
    ),
    "old.tif": (tiff_with(259, 6), "OJPEG compression"),
    "thunder.tif": (tiff_with(259, 32809), "THUNDERSCAN compression"),
    "unknown.tif": (tiff_with(259, 12345), "12345 compression"),
    "log.tif": (tiff_with(262, 32845), "LOGLUV"),
    "new.tif": (tiff_with(262, 999), "999 colours"),
    "mixed.tif": (tiff_with(258, 5, 6, 5), r"samples with \(5, 6, 5\) bits"),
    "few.tif": (tiff_with(258, 4, 4, 4), "3 channels of 4 bits"),
    "jpeg-channels.tif": (
        tiff_with(277, 5, base=WHOLE["jpeg.tif"]),
        r"5 channels \(YCBCR\) with JPEG",
    ),
    "channels.tif": (tiff_with(277, 60_000, base=tiff_header(9000, 9000)), "GB"),
    "tile.tif": (tiff_with(322, 2**28, base=WHOLE["tiled.tif"]), "megapixels"),
    "bomb.tif": (tiff_header(2**20, 2**20), "megapixels"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_kind_that_is_not_handled_is_unsupported_by_name(name: str) -> None:
    content, reason = UNSUPPORTED[name]
    with pytest.raises(UnsupportedImage, match=reason) as caught:
        decode_image(content, name)
    assert caught.value.hint


def test_the_first_of_several_images_is_read_if_that_is_asked_for() -> None:
    for content in (two_pages(), imagej_stack()):
        with tifffile.TiffFile(BytesIO(content)) as file:
            first = file.pages.first.asarray()
        picture = decode_image(content, "pages.tif", ReadRules(first_page=True))
        np.testing.assert_array_equal(picture.samples[:, :, 0], first)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    whole = WHOLE[name]
    decode_image(whole, name)
    step = max(1, len(whole) // 40)
    for length in (*range(1, len(whole), step), len(whole) - 1):
        with pytest.raises(UnreadableImage):
            decode_image(whole[:length], name)


@pytest.mark.parametrize("name", WHOLE)
def test_damage_is_read_or_refused_and_nothing_is_printed(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(WHOLE[name])
        for position in random.integers(0, len(damaged), 3):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):  # and nothing else, no warning either
            decode_image(bytes(damaged), name)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", WHOLE)
def test_a_damaged_directory_is_read_or_refused_and_nothing_is_printed(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = WHOLE[name]
    order = "<" if whole[:2] == b"II" else ">"
    big = 43 in whole[2:4]
    (first,) = struct.unpack_from(order + ("Q" if big else "I"), whole, 8 if big else 4)
    random = np.random.default_rng(2)
    for _ in range(200):
        damaged = bytearray(whole)
        for position in random.integers(first, min(first + 260, len(whole)), 2):
            damaged[position] = int(random.choice((0, 1, 127, 255, random.integers(256))))
        with suppress(ImageError):
            decode_image(bytes(damaged), name)
    assert capfd.readouterr() == ("", "")


def test_a_tiff_with_a_missing_strip_is_unreadable() -> None:
    data = bytearray(WHOLE["lzw.tif"])
    with tifffile.TiffFile(BytesIO(data)) as file:
        counts = file.pages.first.tags["StripByteCounts"]
    width = struct.calcsize({3: "H", 4: "I"}[counts.dtype])
    data[counts.valueoffset : counts.valueoffset + width] = bytes(width)
    with pytest.raises(UnreadableImage, match="empty"):
        decode_image(bytes(data), "sparse.tif")


@pytest.mark.parametrize(
    "compression", ["jpeg", "jpeg2000", "jpegxl", "webp", "png", "lzw", "zstd"]
)
def test_a_tiff_with_a_cut_strip_is_unreadable(compression: str) -> None:
    data = by_tifffile(SAMPLES, photometric="rgb", compression=compression, rowsperstrip=40)
    with tifffile.TiffFile(BytesIO(data)) as file:
        (count,) = file.pages.first.databytecounts
    decode_image(data, "whole.tif")
    for part in (0.2, 0.6, 0.98):
        with pytest.raises(UnreadableImage):
            decode_image(tiff_with(279, int(count * part), base=data), "cut.tif")


def test_a_file_that_does_not_say_what_its_colours_are_is_unreadable() -> None:
    with tifffile.TiffFile(BytesIO(WHOLE["plain.tif"])) as file:
        at = file.pages.first.tags[262].offset
    data = WHOLE["plain.tif"]
    with pytest.raises(UnreadableImage, match="what its colours are"):
        decode_image(data[:at] + b"\x07\x01" + data[at + 2 :], "colourless.tif")


def test_a_file_that_does_not_say_how_its_channels_are_arranged_is_unreadable() -> None:
    with pytest.raises(UnreadableImage, match="arranged"):
        decode_image(tiff_with(284, 255), "scattered.tif")


EXPECTED = {
    "exif_Arbitro.tiff": (38, 174, 4),
    "exif_Jobagent.tiff": (84, 264, 4),
    "iio_geotiff.tif": (929, 699, 1),
    "nd_3drcan_gray16be.tif": (360, 360, 1),
    "pil_12bit.cropped.tif": (100, 100, 1),
    "pil_16bit.s.tif": "int16",
    "pil_crash-0da013a13571cc8eb457a39fee8db18f8a3c7127.tif": "1 bit",
    "pil_g4_orientation_6.tif": "1 bit",
    "pil_hopper_bigtiff.tif": (128, 128, 3),
    "pil_hopper_lzma.tif": (128, 128, 3),
    "pil_libtiff_segfault.tif": "65535 samples",
    "pil_old-style-jpeg-compression.tif": "OJPEG compression",
    "pil_seek_too_large.tif": "outside the file",
    "pil_tiff_strip_ycbcr_jpeg_2x2_sampling.tif": (360, 480, 3),
    "pil_tiff_wrong_bits_per_sample.tiff": (53, 52, 4),
}


@pytest.mark.skipif(not ODD_FILES.is_dir(), reason="the odd files are not there")
@pytest.mark.parametrize("name", EXPECTED)
def test_an_odd_file_is_read_as_pillow_reads_it_or_refused_by_its_cause(name: str) -> None:
    content = (ODD_FILES / name).read_bytes()
    expected = EXPECTED[name]
    if isinstance(expected, str):
        with pytest.raises(ImageError, match=expected):
            decode_image(content, name)
        return
    picture = decode_image(content, name)
    assert picture.samples.shape == expected
    with Image.open(BytesIO(content)) as image:
        np.testing.assert_array_equal(picture.samples.squeeze(), np.asarray(image))
