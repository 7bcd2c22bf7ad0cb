"""WebP: lossless stays lossless, lossy keeps about its quality, and every chunk is kept."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.limits import ReadRules
from imgclean.images.picture import Metadata, Picture
from imgclean.images.read import decode_image
from imgclean.images.webp.chunks import Chunk, extended_header, join_file, read_file
from imgclean.images.write import encode_image

ROBUST = Path(__file__).parents[3] / "shared" / "data" / "robust"
FIRST = ReadRules(first_page=True)
ROWS, COLUMNS = np.mgrid[:64, :80]
SMOOTH = np.stack((ROWS * 3, COLUMNS * 3, (ROWS + COLUMNS) % 256), axis=2).astype(np.uint8)
PHOTO = np.clip(
    SMOOTH + np.random.default_rng(0).normal(0, 12, SMOOTH.shape), 0, 255
).astype(np.uint8)  # fmt: skip


def by_pillow(samples: np.ndarray, **settings: Any) -> bytes:
    stream = BytesIO()
    Image.fromarray(samples).save(stream, "webp", **settings)
    return stream.getvalue()


def kinds(data: bytes) -> list[bytes]:
    return [chunk.kind for chunk in read_file(data)[0]]


def picture(samples: np.ndarray, **metadata: Any) -> Picture:
    return Picture(samples, samples.shape[2] in (2, 4), "png", Metadata(**metadata))


@given(st.integers(1, 24), st.integers(1, 24), st.integers(1, 4), st.sampled_from((0, 128, 255)))
def test_pixels_come_back_equal_whatever_is_transparent(
    height: int, width: int, channels: int, least: int
) -> None:
    random = np.random.default_rng(height * 24 + width)
    samples = random.integers(0, 256, (height, width, channels), dtype=np.uint8)
    if channels in (2, 4):
        samples[:, :, -1] = np.maximum(samples[:, :, -1] // 128 * 255, least)
    data = encode_image(picture(samples), "webp")
    again = decode_image(data, "a.webp")
    if channels < 3:  # WebP has no gray
        samples = samples[:, :, [0, 0, 0] if channels == 1 else [0, 0, 0, 1]]
    np.testing.assert_array_equal(again.samples, samples, strict=True)
    assert again.alpha == (channels in (2, 4))
    assert encode_image(again, "webp") == data
    with Image.open(BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA"))[:, :, :3], samples[..., :3])


def test_a_plain_file_stays_plain() -> None:
    for data in (by_pillow(PHOTO), by_pillow(PHOTO, lossless=True)):
        assert kinds(encode_image(decode_image(data, "a.webp"), "webp")) == kinds(data)


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 85, 95, 100])
@pytest.mark.parametrize("method", [0, 4, 6])
def test_a_lossy_file_stays_lossy_at_about_its_quality(quality: int, method: int) -> None:
    data = by_pillow(PHOTO, quality=quality, method=method)
    read = decode_image(data, "a.webp")
    written = encode_image(read, "webp")
    assert kinds(written) == [b"VP8 "]
    for each in (read, decode_image(written, "again.webp")):
        own: Any = each.metadata.own
        assert own.quality == pytest.approx(quality, abs=4)
    stripped = replace(read, metadata=read.metadata.stripped())
    assert encode_image(stripped, "webp") == written


def test_a_quality_makes_any_picture_lossy() -> None:
    lossless = decode_image(by_pillow(PHOTO, lossless=True), "a.webp")
    small = encode_image(lossless, "webp", quality=40)
    large = encode_image(picture(PHOTO), "webp", quality=90)
    assert kinds(small) == kinds(large) == [b"VP8 "]
    assert len(small) < len(large) / 2


def test_alpha_of_a_lossy_file_is_kept_exactly() -> None:
    alpha = np.random.default_rng(0).integers(0, 256, PHOTO.shape[:2], dtype=np.uint8)
    for each in (alpha, np.full_like(alpha, 255), np.zeros_like(alpha)):
        data = encode_image(picture(np.dstack((PHOTO, each))), "webp", quality=80)
        again = decode_image(data, "a.webp")
        np.testing.assert_array_equal(again.samples[:, :, 3], each, strict=True)
        assert np.abs(again.colour.astype(int) - PHOTO).mean() < 12  # where nothing is seen, too


@pytest.mark.parametrize("settings", [{"lossless": True}, {"quality": 80}])
def test_every_chunk_is_kept_byte_for_byte(
    settings: dict[str, Any], icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    pixels = read_file(by_pillow(PHOTO, **settings))[0]
    said = (
        Chunk(b"ICCP", icc),
        Chunk(b"eARL", b"unknown, of odd length"[1:]),
        *pixels,
        Chunk(b"EXIF", b"Exif\x00\x00" + exif_bytes),
        Chunk(b"XMP ", xmp),
        Chunk(b"LATE", b"unknown"),
    )
    header = extended_header(80, 64, alpha=False, kinds=[each.kind for each in said])
    data = join_file((header, *said)) + b"behind the file"
    read = decode_image(data, "a.webp")
    assert (read.metadata.icc, read.metadata.exif, read.metadata.xmp) == (icc, exif_bytes, xmp)
    written, trailer = read_file(encode_image(read.with_colour(read.colour[::-1].copy()), "webp"))
    assert [each for each in written if each.kind[:3] != b"VP8"] == [
        each for each in said if each.kind[:3] != b"VP8"
    ]
    assert written[0] == header
    assert trailer == b"behind the file"


def test_another_packet_takes_the_place_of_the_one_that_was_read(xmp: bytes, icc: bytes) -> None:
    data = by_pillow(PHOTO, lossless=True, xmp=b"<old/>", exif=b"II*\0", icc_profile=icc)
    read = decode_image(data, "a.webp")
    for packet, expected in ((xmp, [b"XMP "]), (None, [])):
        changed = replace(read, metadata=replace(read.metadata, xmp=packet))
        written = encode_image(changed, "webp")
        assert kinds(written) == [b"VP8X", b"ICCP", b"VP8L", b"EXIF", *expected]
        assert decode_image(written, "a.webp").metadata.xmp == packet
        assert bool(written[20] & 4) == bool(packet)  # the header says so too
    without = decode_image(by_pillow(PHOTO, lossless=True), "a.webp")
    added = replace(without, metadata=replace(without.metadata, xmp=xmp))
    assert kinds(encode_image(added, "webp")) == [b"VP8X", b"VP8L", b"XMP "]


def test_general_metadata_are_written_where_no_webp_is_followed(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    data = encode_image(picture(PHOTO, icc=icc, exif=exif_bytes, xmp=xmp), "webp")
    with Image.open(BytesIO(data)) as image:
        assert image.info["icc_profile"] == icc
        assert image.info["xmp"] == xmp
        assert image.getexif()[0x0112] == 6
        assert image.getexif().get_ifd(0x8825)[1] == "N"
    stripped = decode_image(data, "a.webp")
    stripped = replace(stripped, metadata=stripped.metadata.stripped())
    again = decode_image(encode_image(stripped, "webp"), "a.webp").metadata
    assert (again.icc, again.xmp) == (icc, None)
    assert again.exif
    assert b"Maker" not in again.exif


def animation(*frames: np.ndarray, **settings: Any) -> bytes:
    first, *others = (Image.fromarray(each) for each in frames)
    stream = BytesIO()
    first.save(stream, "webp", save_all=True, append_images=others, duration=40, **settings)
    return stream.getvalue()


def test_an_animation_is_refused_unless_its_first_image_is_asked_for(xmp: bytes) -> None:
    data = animation(PHOTO, PHOTO[::-1].copy(), lossless=True, xmp=xmp)
    with pytest.raises(UnsupportedImage, match="animated WebP") as caught:
        decode_image(data, "moving.webp")
    assert "--pages first" in caught.value.hint
    first = decode_image(data, "moving.webp", FIRST)
    np.testing.assert_array_equal(first.colour, PHOTO, strict=True)
    written = encode_image(first, "webp")
    assert set(kinds(written)) == {b"VP8X", b"VP8L", b"XMP "}
    np.testing.assert_array_equal(decode_image(written, "still.webp").colour, PHOTO)


def test_an_image_that_does_not_fill_its_canvas_is_transparent_beside_it() -> None:
    pixels = read_file(by_pillow(PHOTO, lossless=True))[0][-1]
    inner = join_file([pixels])[12:]
    place = struct.pack("<I", 5)[:3] + struct.pack("<I", 2)[:3] + bytes((79, 0, 0, 63, 0, 0))
    frame = Chunk(b"ANMF", place + bytes(4) + inner)
    header = extended_header(100, 70, alpha=True)
    data = join_file((header, Chunk(b"ANIM", bytes(6)), frame))
    samples = decode_image(data, "one.webp").samples  # one image is no animation
    assert samples.shape == (70, 100, 4)
    np.testing.assert_array_equal(samples[4:68, 10:90, :3], PHOTO)
    assert samples[4:68, 10:90, 3].min() == 255
    assert not np.delete(samples[:, :, 3], slice(4, 68), axis=0).any()


@pytest.mark.skipif(not ROBUST.is_dir(), reason="the folder of odd files is not there")
def test_the_first_image_is_what_another_decoder_shows() -> None:
    data = (ROBUST / "pil_iss634.webp").read_bytes()
    with Image.open(BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decode_image(data, "a.webp", FIRST).colour, expected)


def lossy_header(width: int, height: int) -> bytes:
    body = read_file(by_pillow(PHOTO))[0][0].body
    return join_file([Chunk(b"VP8 ", body[:6] + struct.pack("<HH", width, height) + body[10:])])


def test_an_image_that_is_too_large_is_refused_by_its_header() -> None:
    small = ReadRules(max_pixels=1000)
    for data in (by_pillow(PHOTO), by_pillow(PHOTO, lossless=True), lossy_header(16_383, 16_383)):
        with pytest.raises(UnsupportedImage, match="megapixels"):
            decode_image(data, "large.webp", small)
    canvas = extended_header(1 << 24, 1 << 24, alpha=False)
    place = bytes(6) + bytes((79, 0, 0, 63, 0, 0)) + bytes(4)
    frame = Chunk(b"ANMF", place + by_pillow(PHOTO)[12:])
    with pytest.raises(UnsupportedImage, match="megapixels"):
        decode_image(join_file((canvas, frame)), "canvas.webp")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (join_file([]), "no image"),
        (join_file([Chunk(b"VP8L", b"\x2f")]), "no header"),
        (join_file([Chunk(b"VP8X", b"")]), "too short"),
        (lossy_header(0, 5), "0 x 5 pixels"),
        (join_file([extended_header(9, 9, False), *read_file(by_pillow(PHOTO))[0]]), "disagrees"),
    ],
)
def test_what_contradicts_itself_is_unreadable(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        decode_image(content, "wrong.webp")


WHOLE = {
    "lossless.webp": by_pillow(PHOTO, lossless=True),
    "lossy.webp": by_pillow(PHOTO, quality=70),
    "alpha.webp": by_pillow(np.dstack((PHOTO, PHOTO[:, :, 0])), quality=70, exif=b"II*\0"),
    "moving.webp": animation(PHOTO, PHOTO[::-1].copy()),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    whole = WHOLE[name]
    decode_image(whole, name, FIRST)
    for length in (*range(1, len(whole), len(whole) // 40), len(whole) - 1):
        with pytest.raises(UnreadableImage):
            decode_image(whole[:length], name, FIRST)


@pytest.mark.parametrize("name", ["lossless.webp", "lossy.webp", "alpha.webp"])
def test_pixels_that_end_early_in_a_sound_file_are_unreadable(name: str) -> None:
    chunks = read_file(WHOLE[name])[0]
    for index, chunk in enumerate(chunks):
        if chunk.kind in (b"VP8 ", b"VP8L", b"ALPH"):
            half = Chunk(chunk.kind, chunk.body[: len(chunk.body) // 2])
            with pytest.raises(UnreadableImage):
                decode_image(join_file((*chunks[:index], half, *chunks[index + 1 :])), name)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(100):
        damaged = bytearray(WHOLE[name])
        for position in (random.integers(12, 50), *random.integers(12, len(damaged), 2)):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):  # and nothing else, no warning either
            decode_image(bytes(damaged), name, FIRST)
