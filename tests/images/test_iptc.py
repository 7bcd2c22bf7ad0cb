"""IPTC records: found in JPEG and PNG as others write them, and carried to other formats."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, IptcImagePlugin

from imgclean.images.jpeg.segments import read_segments, write_segment
from imgclean.images.metadata.iptc import (
    iptc_of_resources,
    photoshop_resources,
    resolution_of_resources,
    resources_with,
)
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.png.chunks import Chunk, join_chunks, read_chunks
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image

CITY = b"\x1c\x02\x5a\x00\x08Budapest"
RECORDS = b"\x1c\x02\x00\x00\x02\x00\x04" + CITY + b"\x1c\x02\x19\x00\x05night"
SAMPLES = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)


def resource(number: int, content: bytes, name: bytes = b"") -> bytes:
    """Return a resource by the specification: name and content are padded to even lengths."""
    named = bytes((len(name),)) + name
    named += bytes(len(named) % 2)
    head = b"8BIM" + struct.pack(">H", number) + named + struct.pack(">I", len(content))
    return head + content + bytes(len(content) % 2)


def jpeg_with(*payloads: bytes) -> bytes:
    data = encode_image(Picture(SAMPLES, False, "png"), "jpeg")
    return data[:2] + b"".join(write_segment(0xED, each) for each in payloads) + data[2:]


def png_with(*chunks: Chunk) -> bytes:
    first, *rest = read_chunks(encode_image(Picture(SAMPLES, False, "x"), "png"))
    return join_chunks((first, *chunks, *rest))


def raw_profile(block: bytes, *, kind: bytes = b"zTXt", name: bytes = b"iptc") -> Chunk:
    """Return a profile as ImageMagick writes it."""
    digits = block.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = b"\n%s\n%8d\n%s\n" % (name, len(block), lines)
    head = b"Raw profile type " + name + b"\x00"
    if kind == b"tEXt":
        return Chunk(kind, head + text)
    if kind == b"zTXt":
        return Chunk(kind, head + b"\x00" + zlib.compress(text))
    return Chunk(kind, head + b"\x01\x00\x00\x00" + zlib.compress(text))


def test_records_are_found_among_resources_of_any_name_and_length() -> None:
    block = resource(1005, b"odd", b"a name") + resource(0x0404, RECORDS, b"ab") + resource(9, b"")
    assert iptc_of_resources(block) == RECORDS
    assert [number for number, _ in photoshop_resources(block)] == [1005, 0x0404, 9]
    assert iptc_of_resources(resource(1005, b"odd")) is None
    assert resolution_of_resources(resource(1005, b"odd")) is None


@given(st.binary(max_size=60), st.integers(0, 80))
def test_damaged_resources_are_passed_over(junk: bytes, cut: int) -> None:
    block = resource(1005, bytes(16)) + resource(0x0404, RECORDS)
    list(photoshop_resources(junk))
    list(photoshop_resources(block[:cut] + junk))
    assert iptc_of_resources(block[:cut]) in (None, RECORDS)
    assert iptc_of_resources(block + junk) == RECORDS


def test_a_density_in_resources_is_per_inch() -> None:
    block = resources_with(iptc=RECORDS, resolution=Resolution(118.11, 59.055, "centimetre"))
    assert iptc_of_resources(block) == RECORDS
    found = resolution_of_resources(block)
    assert found is not None
    assert found.unit == "inch"
    assert (found.x, found.y) == pytest.approx((300, 150), rel=1e-4)
    assert resources_with() == b""


def test_records_cut_into_several_segments_of_a_jpeg_are_joined() -> None:
    block = resource(0x0404, RECORDS)
    data = jpeg_with(b"Photoshop 3.0\x00" + block[:20], b"Photoshop 3.0\x00" + block[20:])
    assert decode_image(data, "cut.jpg").metadata.iptc == RECORDS


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
@pytest.mark.parametrize("block", [RECORDS, resource(0x0404, RECORDS)], ids=["bare", "8BIM"])
def test_records_in_a_text_of_a_png_are_found_and_kept(kind: bytes, block: bytes) -> None:
    chunk = raw_profile(block, kind=kind)
    picture = decode_image(png_with(chunk), "a.png")
    assert picture.metadata.iptc == RECORDS
    assert chunk in read_chunks(encode_image(picture, "png"))


@pytest.mark.parametrize("text", [b"\niptc\n       9\n1c02\n", b"iptc", b"", b"\niptc\n 1\nzz\n"])
def test_a_damaged_text_has_no_records_and_is_kept(text: bytes) -> None:
    chunk = Chunk(b"tEXt", b"Raw profile type iptc\x00" + text)
    picture = decode_image(png_with(chunk), "a.png")
    assert picture.metadata.iptc is None
    assert chunk in read_chunks(encode_image(picture, "png"))


@pytest.mark.parametrize("records", [RECORDS, RECORDS + CITY * 9_000], ids=["short", "long"])
def test_records_go_from_jpeg_to_png_and_back(records: bytes) -> None:
    source = Picture(SAMPLES, False, "other", Metadata(iptc=records))
    first = decode_image(encode_image(source, "jpeg"), "a.jpg")
    assert first.metadata.iptc == records
    second = decode_image(encode_image(first, "png"), "a.png")
    assert second.metadata.iptc == records
    third = encode_image(second, "jpeg")
    assert decode_image(third, "a.jpg").metadata.iptc == records


def test_another_reader_finds_the_records() -> None:
    source = Picture(SAMPLES, False, "other", Metadata(iptc=RECORDS))
    with Image.open(BytesIO(encode_image(source, "jpeg"))) as image:
        found = IptcImagePlugin.getiptcinfo(image)
    assert found is not None
    assert found[2, 90] == b"Budapest"


def test_unchanged_resources_stay_byte_for_byte() -> None:
    payload = b"Photoshop 3.0\x00" + resource(0x0404, RECORDS) + resource(0x0425, bytes(16))
    data = encode_image(decode_image(jpeg_with(payload), "a.jpg"), "jpeg")
    assert [each.payload for each in read_segments(data) if each.marker == 0xED] == [payload]


def test_an_exif_profile_of_imagemagick_goes_to_other_formats(exif_bytes: bytes) -> None:
    for name in (b"exif", b"APP1"):
        picture = decode_image(png_with(raw_profile(b"Exif\x00\x00" + exif_bytes, name=name)), "a")
        assert picture.metadata.exif == exif_bytes
        again = decode_image(encode_image(picture, "jpeg"), "a.jpg")
        assert again.metadata.exif == exif_bytes
