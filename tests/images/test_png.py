from __future__ import annotations

import dataclasses
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.images.limits import READ_ALL
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.png.chunks import Chunk, join_chunks, read_chunks
from imgclean.images.png.codec import decode, encode

if TYPE_CHECKING:
    from pathlib import Path

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))


def read(data: bytes) -> Picture:
    return decode(data, READ_ALL)


def png(samples: np.ndarray, *, interlaced: bool = False, extra: tuple[Chunk, ...] = ()) -> bytes:
    """Return a PNG file made by hand, without filters; samples are (H, W, C)."""
    height, width, channels = samples.shape
    depth = samples.dtype.itemsize * 8
    stored = samples.astype(samples.dtype.newbyteorder(">"))
    steps = (*PASSES, (0, 1, 1, 2)) if interlaced else ((0, 0, 1, 1),)
    rows = [b"\x00" + row.tobytes() for x, y, dx, dy in steps for row in stored[y::dy, x::dx]]
    raw = b"".join(row for row in rows if len(row) > 1)
    header = struct.pack(
        ">IIBBBBB", width, height, depth, COLOUR_TYPES[channels], 0, 0, int(interlaced)
    )
    body = zlib.compress(raw)
    half = len(body) // 2
    image = (Chunk(b"IDAT", body[:half]), Chunk(b"IDAT", body[half:]))
    last = (Chunk(b"tEXt", b"Late\x00word"), Chunk(b"IEND", b""))
    return join_chunks((Chunk(b"IHDR", header), *extra, *image, *last))


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.integers(1, 24)), draw(st.integers(1, 24)), draw(st.integers(1, 4))
    dtype: np.dtype[Any] = np.dtype(draw(st.sampled_from(("uint8", "uint16"))))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@given(images())
def test_pixels_come_back_equal(samples: np.ndarray) -> None:
    picture = Picture(samples, alpha=samples.shape[2] in (2, 4), format="png")
    again = read(encode(picture, None))
    np.testing.assert_array_equal(again.samples, samples, strict=True)
    assert again.alpha == picture.alpha
    assert again.format == "png"


@given(images(), st.booleans())
def test_files_of_others_are_read_as_they_are(samples: np.ndarray, interlaced: bool) -> None:
    picture = read(png(samples, interlaced=interlaced))
    np.testing.assert_array_equal(picture.samples, samples, strict=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_chunk_on_the_image_is_kept_byte_for_byte(
    dtype: type[np.unsignedinteger[Any]], exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    kept = (
        Chunk(b"iCCP", b"My profile\x00\x00" + zlib.compress(icc, 3)),
        Chunk(b"gAMA", struct.pack(">I", 45455)),
        Chunk(b"cHRM", struct.pack(">8I", *range(8))),
        Chunk(b"sBIT", bytes((5, 6, 5))),
        Chunk(b"pHYs", struct.pack(">IIB", 11811, 11812, 1)),
        Chunk(b"tIME", bytes((7, 232, 5, 7, 9, 33, 4))),
        Chunk(b"eXIf", exif_bytes),
        Chunk(b"tEXt", b"Comment\x00caf\xe9"),
        Chunk(b"zTXt", b"Long\x00\x00" + zlib.compress(b"words " * 99)),
        Chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + xmp),
        Chunk(b"prVt", b"private, safe to copy"),
    )
    lost = (Chunk(b"hIST", b"\x00\x01"), Chunk(b"prVT", b"private, of the pixels"))
    samples = np.arange(5 * 7 * 3).reshape(5, 7, 3).astype(dtype)
    picture = read(png(samples, extra=(*kept, *lost)))
    written = list(read_chunks(encode(picture.with_colour(samples[::-1].copy()), None)))
    image_at = [chunk.kind for chunk in written].index(b"IDAT")
    assert tuple(written[1:image_at]) == kept
    assert written[-2] == Chunk(b"tEXt", b"Late\x00word")
    assert picture.metadata.icc == icc
    assert picture.metadata.exif == exif_bytes
    assert picture.metadata.xmp == xmp
    assert picture.metadata.resolution == Resolution(11811, 11812, "metre")


def test_general_metadata_are_written_where_no_png_is_followed(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    resolution = Resolution(300, 200, "inch")
    metadata = Metadata(icc=icc, exif=exif_bytes, xmp=xmp, resolution=resolution)
    picture = Picture(np.zeros((3, 4, 3), np.uint16), False, "tiff", metadata)
    data = encode(picture, None)
    again = read(data).metadata
    assert (again.icc, again.exif, again.xmp) == (icc, exif_bytes, xmp)
    assert again.resolution == Resolution(11811, 7874, "metre")
    with Image.open(BytesIO(data)) as image:
        assert image.getexif()[0x0112] == 6
        assert image.info["icc_profile"] == icc


def test_compressed_xmp_is_read(xmp: bytes) -> None:
    body = b"XML:com.adobe.xmp\x00\x01\x00en\x00\x00" + zlib.compress(xmp)
    picture = read(png(np.zeros((2, 2, 1), np.uint8), extra=(Chunk(b"iTXt", body),)))
    assert picture.metadata.xmp == xmp


def test_text_that_inflates_without_end_is_kept_but_not_inflated() -> None:
    bomb = b"ICC\x00\x00" + zlib.compress(bytes(1 << 26))
    data = png(np.zeros((2, 2, 1), np.uint8), extra=(Chunk(b"iCCP", bomb),))
    picture = read(data)
    assert picture.metadata.icc is None
    assert Chunk(b"iCCP", bomb) in read_chunks(encode(picture, None))


def test_a_palette_becomes_colour_and_its_transparency_alpha() -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    opaque, partly = BytesIO(), BytesIO()
    image.save(opaque, "png")
    image.save(partly, "png", transparency=bytes((0, 128)))
    assert read(opaque.getvalue()).samples.tolist() == [[[10, 20, 30], [40, 50, 60]]]
    expanded = read(partly.getvalue())
    assert expanded.alpha
    assert expanded.samples.tolist() == [[[10, 20, 30, 0], [40, 50, 60, 128]]]
    again = read(encode(expanded, None))
    np.testing.assert_array_equal(again.samples, expanded.samples, strict=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_transparent_colour_becomes_alpha(dtype: type[np.unsignedinteger[Any]]) -> None:
    samples = np.array([[[1, 2, 3], [4, 5, 6]]], dtype)
    transparent = Chunk(b"tRNS", struct.pack(">HHH", 4, 5, 6))
    expanded = read(png(samples, extra=(Chunk(b"sBIT", b"\x08\x08\x08"), transparent)))
    assert expanded.alpha
    assert expanded.samples[:, :, 3].tolist() == [[np.iinfo(dtype).max, 0]]
    np.testing.assert_array_equal(expanded.colour, samples, strict=True)
    kinds = {chunk.kind for chunk in read_chunks(encode(expanded, None))}
    assert not kinds & {b"tRNS", b"sBIT"}


def test_gray_of_four_bits_becomes_eight() -> None:
    header = Chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 4, 0, 0, 0, 0))
    image = Chunk(b"IDAT", zlib.compress(b"\x00\x3f"))
    picture = read(join_chunks((header, image, Chunk(b"IEND", b""))))
    assert picture.samples.tolist() == [[[51], [255]]]


def test_reading_an_interlaced_file_prints_nothing(tmp_path: Path) -> None:
    path = tmp_path / "interlaced.png"
    path.write_bytes(png(np.zeros((9, 9, 3), np.uint8), interlaced=True))
    program = (
        "import sys; from imgclean.images.png import codec as png; "
        "from imgclean.images.limits import READ_ALL; "
        "png.decode(open(sys.argv[1], 'rb').read(), READ_ALL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=True, capture_output=True
    )
    assert done.stdout + done.stderr == b""


def test_writing_is_seen_by_another_decoder() -> None:
    samples = np.random.default_rng(0).integers(0, 65536, (40, 30, 4), dtype=np.uint16)
    data = encode(Picture(samples, alpha=True, format="png"), None)
    np.testing.assert_array_equal(imagecodecs.spng_decode(data), samples)
    eight = (samples >> 8).astype(np.uint8)
    with Image.open(BytesIO(encode(Picture(eight, alpha=True, format="png"), None))) as image:
        np.testing.assert_array_equal(np.asarray(image), eight)


def with_xmp(picture: Picture, xmp: bytes | None) -> Picture:
    return dataclasses.replace(picture, metadata=dataclasses.replace(picture.metadata, xmp=xmp))


def kept_chunks(data: bytes) -> list[Chunk]:
    return [each for each in read_chunks(data) if each.kind not in (b"IHDR", b"IDAT", b"IEND")]


COMMENT, LATE = Chunk(b"tEXt", b"Comment\x00words"), Chunk(b"tEXt", b"Late\x00word")


def packet_chunk(xmp: bytes, *, compressed: bool) -> Chunk:
    head = b"XML:com.adobe.xmp\x00" + (b"\x01" if compressed else b"\x00") + b"\x00en\x00XMP\x00"
    return Chunk(b"iTXt", head + (zlib.compress(xmp) if compressed else xmp))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_changed_packet_takes_the_old_one_s_place(compressed: bool, xmp: bytes) -> None:
    old = packet_chunk(xmp, compressed=compressed)
    picture = read(png(np.zeros((2, 2, 1), np.uint8), extra=(old, COMMENT)))
    assert kept_chunks(encode(picture, None)) == [old, COMMENT, LATE]
    written = kept_chunks(encode(with_xmp(picture, xmp * 9), None))
    assert written == [packet_chunk(xmp * 9, compressed=compressed), COMMENT, LATE]
    assert kept_chunks(encode(with_xmp(picture, None), None)) == [COMMENT, LATE]


def test_a_packet_is_added_where_there_was_none(xmp: bytes) -> None:
    picture = read(png(np.zeros((2, 2, 1), np.uint8), extra=(COMMENT,)))
    data = encode(with_xmp(picture, xmp), None)
    assert read(data).metadata.xmp == xmp
    assert kept_chunks(data)[0] == COMMENT
    with Image.open(BytesIO(data)) as image:
        assert image.info["xmp"] == xmp


def test_a_packet_behind_the_pixels_is_replaced_there(xmp: bytes) -> None:
    first, *middle, last = read_chunks(png(np.zeros((2, 2, 1), np.uint8)))
    late = packet_chunk(xmp, compressed=False)
    picture = read(join_chunks((first, *middle, late, last)))
    assert picture.metadata.xmp == xmp
    written = kept_chunks(encode(with_xmp(picture, b"<new/>"), None))
    assert written == [LATE, packet_chunk(b"<new/>", compressed=False)]


def test_a_packet_in_the_form_of_imagemagick_gives_way_to_the_usual_one(xmp: bytes) -> None:
    text = b"\nxmp\n%8d\n%s\n" % (len(xmp), xmp.hex().encode())
    old = Chunk(b"zTXt", b"Raw profile type xmp\x00\x00" + zlib.compress(text))
    picture = read(png(np.zeros((2, 2, 1), np.uint8), extra=(old,)))
    assert picture.metadata.xmp == xmp
    assert kept_chunks(encode(picture, None)) == [old, LATE]
    again = encode(with_xmp(picture, b"<new/>"), None)
    assert read(again).metadata.xmp == b"<new/>"
    assert len(kept_chunks(again)) == 2


@pytest.mark.parametrize(
    "body", [b"XML:com.adobe.xmp\x00\x01\x00\x00\x00bad", b"XML:com.adobe.xmp\x00"]
)
def test_a_packet_that_cannot_be_read_is_kept_until_there_is_a_new_one(body: bytes) -> None:
    old = Chunk(b"iTXt", body)
    picture = read(png(np.zeros((2, 2, 1), np.uint8), extra=(old,)))
    assert picture.metadata.xmp is None
    assert kept_chunks(encode(picture, None)) == [old, LATE]
    again = encode(with_xmp(picture, b"<new/>"), None)
    assert read(again).metadata.xmp == b"<new/>"
    assert len(kept_chunks(again)) == 2
