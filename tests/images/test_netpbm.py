"""PGM, PPM, PAM and PFM: pixels, largest value, form, comments and scale come back."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.formats import recognise_bytes
from imgclean.images.limits import ReadRules
from imgclean.images.picture import Metadata, Picture
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image

SAMPLES = np.random.default_rng(0).integers(0, 256, (12, 14, 3), dtype=np.uint8)
FIRST = ReadRules(first_page=True)


def picture(samples: np.ndarray, format_name: str = "pnm", **further: Any) -> Picture:
    return Picture(samples, samples.shape[2] in (2, 4), format_name, **further)


def binary(samples: np.ndarray, maxval: int, magic: bytes = b"P6") -> bytes:
    """Return a file made by hand."""
    height, width, _ = samples.shape
    stored = samples.astype(">u2" if maxval > 255 else "u1")
    return magic + b"\n%d %d\n%d\n" % (width, height, maxval) + stored.tobytes()


@st.composite
def images(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    shape = draw(st.integers(1, 20)), draw(st.integers(1, 20)), draw(st.integers(1, 4))
    maxval = draw(st.sampled_from((2, 100, 254, 255, 256, 1000, 4095, 65_535)))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    dtype: Any = np.uint16 if maxval > 255 else np.uint8
    return random.integers(0, maxval, shape, dtype, endpoint=True), maxval


@given(images())
def test_pixels_and_the_largest_value_come_back_equal(image: tuple[np.ndarray, int]) -> None:
    samples, maxval = image
    highest = None if maxval in (255, 65_535) else maxval
    data = encode_image(picture(samples, highest=highest), "pnm")
    again = decode_image(data, "again.pnm")
    np.testing.assert_array_equal(again.samples, samples, strict=True)
    assert (again.highest, again.alpha) == (highest, samples.shape[2] in (2, 4))
    assert encode_image(again, "pnm") == data


@pytest.mark.parametrize("maxval", [200, 255, 300, 65_535])
def test_files_of_others_are_read_as_they_are(maxval: int) -> None:
    samples = (SAMPLES.astype(np.uint16) * maxval // 255).astype(
        np.uint16 if maxval > 255 else np.uint8
    )
    again = decode_image(binary(samples, maxval), "hand.ppm")
    np.testing.assert_array_equal(again.samples, samples, strict=True)


def test_writing_is_seen_by_another_decoder() -> None:
    with Image.open(BytesIO(encode_image(picture(SAMPLES), "pnm"))) as image:
        np.testing.assert_array_equal(np.asarray(image), SAMPLES)
    gray = SAMPLES[:, :, :1].astype(np.uint16) * 257
    with Image.open(BytesIO(encode_image(picture(gray), "pnm"))) as image:
        np.testing.assert_array_equal(np.asarray(image), gray[:, :, 0])


def test_samples_of_few_bits_in_a_wide_type_take_one_byte_in_the_file() -> None:
    samples = np.array([[[7], [90]]], np.uint16)
    data = encode_image(picture(samples, highest=100), "pnm")
    assert data == b"P5\n2 1\n100\n\x07\x5a"


def test_a_plain_file_stays_plain_with_its_comments() -> None:
    data = b"P2 # by hand\n# two lines\n3 2\n1000\n0 1 2\n# inside\n998 999 1000\n"
    read = decode_image(data, "plain.pgm")
    assert read.samples[:, :, 0].tolist() == [[0, 1, 2], [998, 999, 1000]]
    written = encode_image(read, "pnm")
    assert written == b"P2\n# by hand\n# two lines\n3 2\n1000\n0 1 2 998 999 1000\n"
    stripped = Picture(read.samples, False, "pnm", read.metadata.stripped(), highest=1000)
    assert encode_image(stripped, "pnm") == b"P2\n3 2\n1000\n0 1 2 998 999 1000\n"


def test_lines_of_a_plain_file_are_short() -> None:
    read = decode_image(b"P3 1 1 65535 65535 65535 65535\n", "plain.ppm")
    wide = Picture(np.full((9, 9, 3), 65_535, np.uint16), False, "pnm", read.metadata)
    assert max(map(len, encode_image(wide, "pnm").splitlines())) <= 70


def test_a_pam_stays_a_pam_with_its_comments() -> None:
    head = b"P7\n#note\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    assert encode_image(decode_image(head + b"\x01\x02\x03", "a.pam"), "pnm") == (
        head + b"\x01\x02\x03"
    )


def test_a_pam_without_a_tuple_type_is_what_its_channels_suggest() -> None:
    head = b"P7\r\nHEIGHT 1\r\nWIDTH 2\r\n\r\nDEPTH 2\r\nMAXVAL 255\r\nENDHDR\r\n"
    read = decode_image(head + b"\x01\x02\x03\x04", "a.pam")
    assert read.alpha
    assert read.samples.tolist() == [[[1, 2], [3, 4]]]


PAM_1_BIT = b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\0\1"
PAM_CMYK = b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\n\0\1\2\3"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"P1\n2 1\n0 1\n", "1 bit"),
        (b"P4\n8 1\n\x55", "1 bit"),
        (b"P5\n2 1\n1\n\x00\x01", "1 bit"),
        (PAM_1_BIT, "1 bit"),
        (PAM_CMYK, "CMYK"),
        (b"P5\n30000 30000\n255\n", "megapixels"),
        (b"PF\n30000 30000\n-1.0\n", "megapixels"),
        (binary(SAMPLES, 255) * 2, "several images"),
    ],
)
def test_sound_files_of_other_kinds_are_unsupported(content: bytes, reason: str) -> None:
    with pytest.raises(UnsupportedImage, match=reason) as caught:
        decode_image(content, "other.pnm")
    assert caught.value.hint


def test_the_first_of_several_images_is_taken_where_that_is_asked_for() -> None:
    several = binary(SAMPLES, 255) + binary(SAMPLES[::-1], 255)
    np.testing.assert_array_equal(decode_image(several, "all.ppm", FIRST).samples, SAMPLES)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"P5\n0 4\n255\n", "0 x 4 pixels"),
        (b"P5\n4 4\n0\n" + bytes(16), "largest sample value"),
        (b"P5\n4 4\n65536\n" + bytes(32), "largest sample value"),
        (b"P5\n2 2\n100\n\x00\x01\x65\x02", "above its largest value"),
        (b"P2\n2 2\n100\n0 1 101 2\n", "do not fit"),
        (b"P2\n2 2\n100\n0 1 99999999999999999999 2\n", "do not fit"),
        (b"P2\n2 1\n100\n0 1 2\n", "do not fit"),
        (b"P2\n2 1\n100\n0 -1\n", "no decimal numbers"),
        (b"P5\n3 2\n255\n" + bytes(range(12)), "goes on behind"),
        (b"P6\n3 2 x\n255\n" + bytes(18), "header"),
        (b"P7\nWIDTH 2\nDEPTH 1\nMAXVAL 9\nENDHDR\n\0\0", "number is missing"),
        (b"PF\n2 2\n0\n" + bytes(48), "scale"),
        (b"Pf\n2 1\n1.0\n" + bytes(range(12)), "goes on behind"),
    ],
)
def test_what_contradicts_itself_is_unreadable(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        decode_image(content, "wrong.pnm")


def test_a_text_that_begins_like_a_magic_number_is_no_image() -> None:
    for text in (b"P1 priority: call home", b"P5: done", b"Pf, said he", b"PF\nnotes"):
        assert recognise_bytes(text) is None


WHOLE = {
    "8-bit.ppm": encode_image(picture(SAMPLES), "pnm"),
    "10-bit.pgm": encode_image(
        picture(SAMPLES[:, :, :1].astype(np.uint16) * 4, highest=1023), "pnm"
    ),
    "alpha.pam": encode_image(picture(np.dstack((SAMPLES, SAMPLES[:, :, 0]))), "pnm"),
    "colour.pfm": encode_image(picture(SAMPLES.astype(np.float32) / 9, "pfm"), "pfm"),
    "plain.pgm": b"P2\n14 12\n255\n"
    + b"\n".join(b" ".join(b"%d" % v for v in row) for row in SAMPLES[:, :, 0])
    + b"\n",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    whole = WHOLE[name]
    decode_image(whole, name)
    last = len(whole) - (2 if name == "plain.pgm" else 1)  # the last line break holds no pixel
    for length in (*range(1, last, max(1, len(whole) // 40)), last):
        with pytest.raises(UnreadableImage):
            decode_image(whole[:length], name)


def test_a_plain_file_whose_last_number_is_cut_is_unreadable_and_a_whole_one_is_not() -> None:
    with pytest.raises(UnreadableImage, match="truncated") as caught:
        decode_image(b"P2 2 1 255 17 12", "cut.pgm")
    assert "line break" in caught.value.hint
    assert decode_image(b"P2 2 1 255 17 120", "whole.pgm").samples.tolist() == [[[17], [120]]]


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(150):
        damaged = bytearray(WHOLE[name])
        for position in (random.integers(0, 20), *random.integers(0, len(damaged), 2)):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):  # and nothing else, no warning either
            decode_image(bytes(damaged), name, FIRST)


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from((1, 3)),
    st.sampled_from((b"-1.0", b"2.500", b"-3.5e+02", b"1")),
)
def test_floats_keep_their_byte_order_and_scale(
    height: int, width: int, channels: int, scale: bytes
) -> None:
    random = np.random.default_rng(height)
    samples = random.normal(0, 1e3, (height, width, channels)).astype(np.float32)
    magic = b"PF" if channels == 3 else b"Pf"
    stored = samples[::-1].astype("<f4" if scale.startswith(b"-") else ">f4")
    data = magic + b"\n%d %d\n%s\n" % (width, height, scale) + stored.tobytes()
    read = decode_image(data, "a.pfm")
    np.testing.assert_array_equal(read.samples, samples, strict=True)
    assert encode_image(read, "pfm") == data
    stripped = Picture(read.samples, False, "pfm", read.metadata.stripped())
    assert encode_image(stripped, "pfm") == data


def test_floats_of_another_format_are_seen_by_another_decoder() -> None:
    samples = np.random.default_rng(0).random((5, 7, 1), np.float32)
    data = encode_image(picture(samples, "tiff", metadata=Metadata()), "pfm")
    with Image.open(BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image), samples[:, :, 0])
