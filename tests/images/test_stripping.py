"""A stripped picture: shown as before and held as before, and silent on all else."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from imgclean.images.jpeg.segments import (
    APP1,
    APP2,
    APP13,
    COM,
    FRAME_HEADERS,
    parse_frame,
    read_segments,
    write_segment,
)
from imgclean.images.picture import Metadata, Picture
from imgclean.images.png.chunks import Chunk, join_chunks, read_chunks
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image

ROWS, COLUMNS = np.mgrid[:24, :32]
SAMPLES = np.stack([9 * ROWS, 7 * COLUMNS, 255 - 4 * ROWS - 4 * COLUMNS], 2).astype(np.uint8)
SECRET = b"a private word"


def stripped(picture: Picture) -> Picture:
    return dataclasses.replace(picture, metadata=picture.metadata.stripped())


def pillow_jpeg(mode: str = "RGB", **settings: object) -> bytes:
    stream = BytesIO()
    Image.fromarray(SAMPLES).convert(mode).save(stream, "jpeg", **settings)
    return stream.getvalue()


def talkative(data: bytes, exif: bytes, icc: bytes, xmp: bytes) -> bytes:
    """Return a JPEG file with every kind of metadata, and a film behind the image."""
    segments = (
        (APP1, b"Exif\x00\x00" + exif),
        (APP1, b"http://ns.adobe.com/xap/1.0/\x00" + xmp),
        (APP2, b"ICC_PROFILE\x00\x01\x01" + icc),
        (APP13, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0e" + SECRET),
        (0xE5, SECRET),
        (COM, SECRET),
    )
    head = b"".join(write_segment(*each) for each in segments)
    first = next(e for e in read_segments(data) if not e.is_metadata or e.marker == 0xEE)
    return data[:2] + head + data[first.start :] + SECRET


def frame(data: bytes) -> object:
    return parse_frame(next(e for e in read_segments(data) if e.marker in FRAME_HEADERS))


def tables(data: bytes) -> object:
    with Image.open(BytesIO(data)) as image:
        return image.quantization


@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        ("RGB", {"quality": 71, "subsampling": 1}),
        ("RGB", {"quality": 90, "progressive": True}),
        ("RGB", {"quality": 90, "keep_rgb": True}),
        ("L", {"quality": 55}),
        ("CMYK", {"quality": 88}),
    ],
)
def test_a_stripped_jpeg_keeps_how_it_holds_its_pixels(
    mode: str, settings: dict[str, object], exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    data = talkative(pillow_jpeg(mode, **settings), exif_bytes, icc, xmp)
    picture = decode_image(data, "a.jpg")
    written = encode_image(stripped(picture), "jpeg")
    assert frame(written) == frame(data)
    assert tables(written) == tables(data)
    again = decode_image(written, "a.jpg")
    error = np.mean((again.samples.astype(float) - picture.samples) ** 2)
    assert error < 12  # another colour transform would be thousands away
    assert again.metadata.icc == icc
    for gone in (SECRET, b"Maker", b"Model 7", b"2024:05:07", xmp):
        assert gone in data
        assert gone not in written


def test_a_stripped_photo_is_turned_as_before_and_says_nothing_else(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    data = talkative(pillow_jpeg(), exif_bytes, icc, xmp)
    for format_name in ("jpeg", "png"):
        written = encode_image(stripped(decode_image(data, "a.jpg")), format_name)
        with Image.open(BytesIO(written)) as image:
            assert dict(image.getexif()) == {0x0112: 6}
            assert image.getexif().get_ifd(0x8825) == {}
            assert image.info["icc_profile"] == icc
        metadata = decode_image(written, "again").metadata
        assert (metadata.xmp, metadata.iptc) == (None, None)


def test_a_stripped_photo_that_stands_upright_has_no_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    exif[0x010F] = "Maker"
    data = pillow_jpeg(exif=exif)
    metadata = decode_image(encode_image(stripped(decode_image(data, "a")), "jpeg"), "a").metadata
    assert metadata.exif is None


def test_a_stripped_png_keeps_what_its_samples_mean(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    meaning = (
        Chunk(b"gAMA", struct.pack(">I", 45455)),
        Chunk(b"cHRM", struct.pack(">8I", *range(8))),
        Chunk(b"cICP", bytes((9, 16, 0, 1))),
        Chunk(b"sBIT", bytes((5, 6, 5))),
    )
    said = (
        Chunk(b"tEXt", b"Author\x00" + SECRET),
        Chunk(b"tIME", bytes((7, 232, 5, 7, 9, 33, 4))),
        Chunk(b"pHYs", struct.pack(">IIB", 11811, 11812, 1)),
        Chunk(b"eXIf", exif_bytes),
        Chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + xmp),
        Chunk(b"prVt", SECRET),
    )
    profile = Chunk(b"iCCP", b"a name\x00\x00" + zlib.compress(icc, 1))
    first, *middle, last = read_chunks(encode_image(Picture(SAMPLES, False, "x"), "png"))
    late = Chunk(b"zTXt", b"Late\x00\x00" + zlib.compress(SECRET))
    data = join_chunks((first, profile, *meaning, *said, *middle, late, last))
    written = list(read_chunks(encode_image(stripped(decode_image(data, "a.png")), "png")))
    kept = [each for each in written[1:-1] if each.kind != b"IDAT"]
    assert tuple(kept[:4]) == meaning
    assert [each.kind for each in kept[4:]] == [b"iCCP", b"eXIf"]
    again = decode_image(join_chunks(written), "a.png")
    np.testing.assert_array_equal(again.samples, SAMPLES)
    assert again.metadata.icc == icc
    assert len(again.metadata.exif or b"") < 40


def test_stripped_metadata_can_have_a_packet_of_their_own(icc: bytes, xmp: bytes) -> None:
    for format_name in ("jpeg", "png"):
        own = Picture(SAMPLES, False, "other", Metadata(icc=icc, xmp=b"<old/>"))
        read = decode_image(encode_image(own, format_name), "a")
        bare = dataclasses.replace(read.metadata.stripped(), xmp=xmp)
        noted = encode_image(dataclasses.replace(read, metadata=bare), format_name)
        assert decode_image(noted, "a").metadata.xmp == xmp
        assert b"<old/>" not in noted
