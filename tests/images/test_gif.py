"""GIF: palettes become colour or gray, transparency alpha; broken files fail by their kind."""

from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.limits import ReadRules
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image

INDICES = np.random.default_rng(0).integers(0, 256, (24, 32), dtype=np.uint8)
PALETTE = np.array([(i, 255 - i, i // 2) for i in range(256)], np.uint8)
FIRST = ReadRules(first_page=True)


def paletted(indices: np.ndarray) -> Image.Image:
    height, width = indices.shape
    image = Image.frombytes("P", (width, height), indices.tobytes())
    image.putpalette(PALETTE.tobytes())
    return image


def gif(image: Image.Image, **settings: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, "gif", **{"optimize": False, **settings})
    return stream.getvalue()


def header(width: int, height: int, flags: int = 0) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, flags, 0, 0)


def body_of(data: bytes) -> bytes:
    """Return the compressed pixels of a file of one image, the trailer behind them included."""
    return data[data.index(b",\x00\x00\x00\x00") + 10 :]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1))
def test_a_palette_becomes_colour(height: int, width: int, interlace: int) -> None:
    random = np.random.default_rng(height * 40 + width)
    indices = random.integers(0, 256, (height, width), dtype=np.uint8)
    picture = decode_image(gif(paletted(indices), interlace=interlace), "a.gif")
    np.testing.assert_array_equal(picture.samples, PALETTE[indices], strict=True)
    assert (picture.format, picture.alpha) == ("gif", False)


def test_a_palette_of_grays_becomes_gray() -> None:
    picture = decode_image(gif(Image.fromarray(INDICES)), "gray.gif")
    np.testing.assert_array_equal(picture.samples[:, :, 0], INDICES, strict=True)
    assert picture.channels == 1


def test_an_image_has_alpha_if_a_pixel_of_it_is_transparent() -> None:
    picture = decode_image(gif(paletted(INDICES), transparency=7), "hole.gif")
    assert picture.alpha
    np.testing.assert_array_equal(picture.colour, PALETTE[INDICES])
    np.testing.assert_array_equal(picture.samples[:, :, 3] == 0, INDICES == 7)
    opaque = np.where(INDICES == 7, np.uint8(8), INDICES)
    assert not decode_image(gif(paletted(opaque), transparency=7), "none.gif").alpha


def test_what_an_image_leaves_of_its_canvas_is_transparent() -> None:
    whole = gif(Image.fromarray(np.full((2, 3), 9, np.uint8)))
    place = b"," + struct.pack("<HHHHB", 2, 1, 3, 2, 0)
    data = header(7, 5) + place + body_of(whole)  # without any palette, too
    picture = decode_image(data, "part.gif")
    expected = np.zeros((5, 7, 2), np.uint8)
    expected[1:3, 2:5] = 9, 255
    np.testing.assert_array_equal(picture.samples, expected, strict=True)


def test_a_palette_of_the_image_comes_before_that_of_the_file() -> None:
    whole = gif(Image.fromarray(np.array([[0, 1]], np.uint8)))
    own = b"\x01\x02\x03\x04\x05\x06"
    place = b"," + struct.pack("<HHHHB", 0, 0, 2, 1, 0x80) + own
    picture = decode_image(header(2, 1, 0x80) + bytes(6) + place + body_of(whole), "own.gif")
    assert picture.samples.tolist() == [[[1, 2, 3], [4, 5, 6]]]


def test_metadata_go_into_the_file_that_is_written_instead(icc: bytes, xmp: bytes) -> None:
    whole = gif(paletted(INDICES), comment=b"a comment")
    at = 13 + 768
    packet = b"!\xff\x0bXMP DataXMP" + xmp + bytes((1, *range(255, -1, -1), 0))
    parts = [icc[start : start + 255] for start in range(0, len(icc), 255)]
    profile = b"!\xff\x0bICCRGBG1012" + b"".join(bytes((len(p),)) + p for p in parts) + b"\x00"
    picture = decode_image(whole[:at] + packet + profile + whole[at:], "said.gif")
    np.testing.assert_array_equal(picture.samples, PALETTE[INDICES])
    written = decode_image(encode_image(picture, "png"), "said.png")
    assert (written.metadata.icc, written.metadata.xmp) == (icc, xmp)
    np.testing.assert_array_equal(written.samples, picture.samples, strict=True)


@pytest.mark.parametrize("last", [b"", b"\x00\x00;", b";\x00garbage"])
def test_the_end_of_a_whole_image_may_look_like_anything(last: bytes) -> None:
    whole = gif(paletted(INDICES)).removesuffix(b";") + last
    np.testing.assert_array_equal(decode_image(whole, "a.gif").samples, PALETTE[INDICES])


def animation() -> bytes:
    return gif(
        paletted(INDICES), save_all=True, append_images=[paletted(INDICES[::-1])], duration=20
    )


def test_an_animation_is_refused_unless_its_first_image_is_asked_for() -> None:
    with pytest.raises(UnsupportedImage, match="animated GIF") as caught:
        decode_image(animation(), "moving.gif")
    assert "--pages first" in caught.value.hint
    picture = decode_image(animation(), "moving.gif", FIRST)
    np.testing.assert_array_equal(picture.samples, PALETTE[INDICES], strict=True)


def test_an_image_that_is_too_large_is_refused_by_its_header() -> None:
    with pytest.raises(UnsupportedImage, match="megapixels"):
        decode_image(header(60_000, 60_000) + b"," + bytes(9), "bomb.gif")
    place = b"," + struct.pack("<HHHHB", 60_000, 60_000, 5, 5, 0)
    with pytest.raises(UnsupportedImage, match="megapixels"):
        decode_image(header(5, 5) + place + b"\x02\x00;", "far.gif")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header(0, 5) + b";", "0 x 5 pixels"),
        (header(5, 5) + b";", "no image"),
        (header(5, 5) + b"," + struct.pack("<HHHHB", 0, 0, 0, 5, 0) + b"\x02\x00;", "0 x 5"),
        (header(5, 5) + b"?", "no block begins"),
        (
            header(32, 48) + b"," + struct.pack("<HHHHB", 0, 0, 32, 48, 0)
            + body_of(gif(paletted(INDICES))),
            "truncated",
        ),
    ],
)  # fmt: skip
def test_what_holds_no_whole_image_is_unreadable(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        decode_image(content, "wrong.gif")


WHOLE = {
    "colour.gif": gif(paletted(INDICES), comment=b"a comment"),
    "hole.gif": gif(paletted(INDICES), transparency=7, interlace=0),
    "moving.gif": animation(),
}


@pytest.mark.parametrize("name", ["colour.gif", "hole.gif"])
def test_a_file_cut_anywhere_before_its_last_pixel_is_unreadable(name: str) -> None:
    whole = WHOLE[name]
    last = len(whole) - 2  # before the mark behind the pixels
    for length in (*range(1, last, len(whole) // 40), last):
        with pytest.raises(UnreadableImage):
            decode_image(whole[:length], name)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(150):
        damaged = bytearray(WHOLE[name])
        for position in (random.integers(0, 14), *random.integers(780, len(damaged), 2)):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):  # and nothing else, no warning either
            decode_image(bytes(damaged), name, FIRST)
