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
from PIL import Image

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.picture import Picture
from imgclean.images.png.chunks import Chunk, join_chunks, read_chunks
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


WHOLE = {
    "8-bit.png": encoded("png"),
    "16-bit.png": encoded("png", SAMPLES.astype(np.uint16) * 257),
    "photo.jpg": encoded("jpeg"),
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


def png_header(width: int, height: int, depth: int = 8, *further: Chunk) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    image = Chunk(b"IDAT", zlib.compress(b"\x00\x00"))
    return join_chunks((Chunk(b"IHDR", header), *further, image, Chunk(b"IEND", b"")))


def jpeg_header(width: int, height: int) -> bytes:
    data = WHOLE["photo.jpg"]
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


UNSUPPORTED = {
    "renamed.png": (b"8BPS" + bytes(99), "Photoshop document is not supported"),
    "bilevel.png": (by_pillow("1", "png"), "1 bit"),
    "moving.png": (
        by_pillow("L", "png", save_all=True, append_images=[Image.new("L", (32, 24), 9)]),
        "animated PNG",
    ),
    "iphone.png": (png_header(2, 2, 8, Chunk(b"CgBI", bytes(4))), "non-standard chunk CgBI"),
    "twelve.jpg": (
        WHOLE["photo.jpg"].replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"),
        "12 bits",
    ),
    "lossless.jpg": (
        WHOLE["photo.jpg"].replace(b"\xff\xc0\x00\x11", b"\xff\xc3\x00\x11"),
        "lossless",
    ),
    "bomb.png": (png_header(30_000, 30_000), "megapixels"),
    "bomb.jpg": (jpeg_header(60_000, 60_000), "megapixels"),
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
