"""Files that are damaged, of unsupported kinds, or no images: each fails with its own error."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.picture import Picture
from imgclean.images.png_chunks import Chunk, join_chunks, read_chunks
from imgclean.images.read import decode_image, read_image
from imgclean.images.write import encode_image

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def encoded(format_name: str, samples: np.ndarray = SAMPLES) -> bytes:
    return encode_image(Picture(samples, alpha=False, format=format_name), format_name)


def by_pillow(mode: str, format_name: str, **settings: Any) -> bytes:
    stream = BytesIO()
    Image.new(mode, (32, 24)).save(stream, format_name, **settings)
    return stream.getvalue()


def by_tifffile(samples: np.ndarray, **settings: Any) -> bytes:
    stream = BytesIO()
    tifffile.imwrite(stream, samples, **{"metadata": None, **settings})
    return stream.getvalue()


WHOLE = {
    "8-bit.png": encoded("png"),
    "16-bit.png": encoded("png", SAMPLES.astype(np.uint16) * 257),
    "photo.jpg": encoded("jpeg"),
    "plain.tif": by_tifffile(SAMPLES, photometric="rgb"),
    "lzw.tif": by_tifffile(SAMPLES, photometric="rgb", compression="lzw", rowsperstrip=7),
    "tiled.tif": by_tifffile(SAMPLES, photometric="rgb", compression="zlib", tile=(16, 16)),
    "zstd.tif": by_tifffile(SAMPLES[:, :, 0].astype(np.float32), compression="zstd"),
    "own.tif": encoded("tiff"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str, tmp_path: Path) -> None:
    whole = WHOLE[name]
    decode_image(whole, name)
    path = tmp_path / name
    step = max(1, len(whole) // 40)
    for length in (*range(1, len(whole), step), len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableImage) as caught:
            read_image(path)
        assert str(path) in str(caught.value)
        assert caught.value.hint


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(WHOLE[name])
        for position in random.integers(0, len(damaged), 3):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):  # and nothing else, no warning either
            decode_image(bytes(damaged), name)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_whose_chunks_are_sound_but_whose_rows_are_missing_is_unreadable(
    dtype: type[np.unsignedinteger[Any]],
) -> None:
    chunks = list(read_chunks(encoded("png", SAMPLES.astype(dtype))))
    raw = zlib.decompress(b"".join(bytes(c.body) for c in chunks if c.kind == b"IDAT"))
    short = Chunk(b"IDAT", zlib.compress(raw[: len(raw) // 2]))
    with pytest.raises(UnreadableImage, match=r"half\.png"):
        decode_image(join_chunks((chunks[0], short, chunks[-1])), "half.png")


def test_a_tiff_with_a_missing_strip_is_unreadable() -> None:
    data = bytearray(WHOLE["lzw.tif"])
    with tifffile.TiffFile(BytesIO(data)) as file:
        counts = file.pages.first.tags["StripByteCounts"]
    width = struct.calcsize({3: "H", 4: "I"}[counts.dtype])
    data[counts.valueoffset : counts.valueoffset + width] = bytes(width)
    with pytest.raises(UnreadableImage, match="empty"):
        decode_image(bytes(data), "sparse.tif")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.png", b"", "empty file"),
        ("notes.png", b"Dear diary, today I bought a camera", "not an image"),
        ("zeros.jpg", bytes(1000), "not an image"),
        ("head.png", b"\x89PNG\r\n\x1a\n", "truncated"),
        ("head.jpg", b"\xff\xd8\xff\xe0", "truncated"),
        ("head.tif", b"II*\x00\x08\x00\x00\x00", "truncated or damaged"),
        ("text.tif", b"MM\x00*" + b"x" * 99, "truncated or damaged"),
    ],
)
def test_what_is_no_image_is_unreadable(
    name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=reason) as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint


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


def png_header(width: int, height: int, depth: int = 8, *further: Chunk) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    image = Chunk(b"IDAT", zlib.compress(b"\x00\x00"))
    return join_chunks((Chunk(b"IHDR", header), *further, image, Chunk(b"IEND", b"")))


def jpeg_header(width: int, height: int) -> bytes:
    data = WHOLE["photo.jpg"]
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def tiff_header(width: int, height: int) -> bytes:
    data = bytearray(WHOLE["plain.tif"])
    with tifffile.TiffFile(BytesIO(data)) as file:
        tags = file.pages.first.tags
    for name, value in (("ImageWidth", width), ("ImageLength", height)):
        at = tags[name].valueoffset
        data[at : at + 4] = struct.pack("<I", value)
    return bytes(data)


GRAY = SAMPLES[:, :, 0]
UNSUPPORTED = {
    "renamed.png": (by_pillow("P", "gif"), "GIF is not supported"),
    "photo.webp": (by_pillow("RGB", "webp"), "WebP is not supported"),
    "map.bmp": (by_pillow("RGB", "bmp"), "BMP is not supported"),
    "map.ppm": (by_pillow("RGB", "ppm"), "PNM is not supported"),
    "photo.jp2": (by_pillow("RGB", "jpeg2000"), "JPEG 2000 is not supported"),
    "photo.avif": (by_pillow("RGB", "avif"), "AVIF is not supported"),
    "bilevel.png": (by_pillow("1", "png"), "1 bit"),
    "moving.png": (
        by_pillow("L", "png", save_all=True, append_images=[Image.new("L", (32, 24), 9)]),
        "animated PNG",
    ),
    "iphone.png": (png_header(2, 2, 8, Chunk(b"CgBI", bytes(4))), "non-standard chunk CgBI"),
    "print.jpg": (by_pillow("CMYK", "jpeg"), "CMYK"),
    "twelve.jpg": (
        WHOLE["photo.jpg"].replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"),
        "12 bits",
    ),
    "lossless.jpg": (
        WHOLE["photo.jpg"].replace(b"\xff\xc0\x00\x11", b"\xff\xc3\x00\x11"),
        "lossless",
    ),
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
    "bilevel.tif": (by_tifffile(GRAY > 99, photometric="minisblack"), "1 bits"),
    "twelve.tif": (by_tifffile(GRAY.astype(np.uint16), bitspersample=12), "12 bits"),
    "signed.tif": (by_tifffile(GRAY.astype(np.int16)), "int16"),
    "wide.tif": (by_tifffile(GRAY.astype(np.uint32)), "uint32"),
    "double.tif": (by_tifffile(GRAY.astype(np.float64)), "float64"),
    "half.tif": (by_tifffile(GRAY.astype(np.float16)), "float16"),
    "complex.tif": (by_tifffile(GRAY.astype(np.complex64)), "complex64"),
    "print.tif": (by_pillow("CMYK", "tiff"), "SEPARATED"),
    "palette.tif": (by_pillow("P", "tiff"), "PALETTE"),
    "lab.tif": (by_pillow("LAB", "tiff"), "CIELAB"),
    "jpeg.tif": (by_tifffile(GRAY, compression="jpeg"), "JPEG compression"),
    "five.tif": (
        by_tifffile(np.zeros((8, 9, 5), np.uint8), photometric="rgb", planarconfig="contig"),
        "5 channels",
    ),
    "inverse.tif": (
        by_tifffile(GRAY.astype(np.float32), photometric="miniswhite"),
        "0 is white",
    ),
    "bomb.png": (png_header(30_000, 30_000), "megapixels"),
    "bomb.jpg": (jpeg_header(60_000, 60_000), "megapixels"),
    "bomb.tif": (tiff_header(2**20, 2**20), "megapixels"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_sound_files_of_other_kinds_are_unsupported_by_name(name: str, tmp_path: Path) -> None:
    content, reason = UNSUPPORTED[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnsupportedImage, match=reason) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.hint


@pytest.mark.parametrize("width", [0, 300_001])
def test_a_side_of_no_pixels_is_damage_and_a_long_one_is_not(width: int) -> None:
    with pytest.raises(UnreadableImage):
        decode_image(png_header(width, 1), "line.png")


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really-a.jpg"
    path.write_bytes(WHOLE["16-bit.png"])
    picture = read_image(path)
    assert (picture.format, picture.dtype.name) == ("png", "uint16")


def test_what_cannot_be_opened_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match=r"missing\.png: .*no such file"):
        read_image(tmp_path / "missing.png")
    with pytest.raises(UnreadableImage, match="is a directory"):
        read_image(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(WHOLE["8-bit.png"])
    path.chmod(0)
    with pytest.raises(UnreadableImage, match="permission denied"):
        read_image(path)
