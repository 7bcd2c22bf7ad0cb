"""BMP: every layout is read exactly, and resolution, colour profile and alpha come back."""

from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image

ROBUST = Path(__file__).parents[3] / "shared" / "data" / "robust"
SAMPLES = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
TWO_GRAYS = b"\x00\x00\x00\x00\xff\xff\xff\x00"
RAMP = b"".join(bytes((v, 255 - v, v // 2, 0)) for v in range(256))


def bmp(
    width: int,
    height: int,
    bits: int,
    pixels: bytes,
    *,
    palette: bytes = b"",
    compression: int = 0,
    more: bytes = b"",
    size: int = 40,
) -> bytes:
    """Return a file made by hand; `more` stands behind the first 40 bytes of the header."""
    start = 14 + 40 + len(more) + len(palette)
    head = b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start)
    sides = struct.pack("<IiiHHII", size, width, height, 1, bits, compression, len(pixels))
    return (
        head
        + sides
        + struct.pack("<iiII", 2835, 3000, len(palette) // 4, 0)
        + more
        + (palette + pixels)
    )


def picture(samples: np.ndarray, **metadata: object) -> Picture:
    said = Metadata(**metadata)  # type: ignore[arg-type]
    return Picture(samples, samples.shape[2] in (2, 4), "bmp", said)


def pixels_of(data: bytes) -> list[list[list[int]]]:
    pixels: list[list[list[int]]] = decode_image(data, "hand.bmp").samples.tolist()
    return pixels


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 4), st.booleans())
def test_pixels_come_back_equal(height: int, width: int, channels: int, dense: bool) -> None:
    random = np.random.default_rng(height * 20 + width)
    samples = random.integers(0, 256, (height, width, channels), dtype=np.uint8)
    samples[0, 0, -1] = 9  # alpha that is 0 everywhere stands for none
    resolution = Resolution(2835.0, 11811.0, "metre") if dense else None
    again = decode_image(encode_image(picture(samples, resolution=resolution), "bmp"), "a.bmp")
    if channels == 2:  # BMP has no gray with alpha
        samples = samples[:, :, [0, 0, 0, 1]]
    np.testing.assert_array_equal(again.samples, samples, strict=True)
    assert (again.alpha, again.metadata.resolution) == (channels in (2, 4), resolution)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_files_go_to_and_come_from_another_program(mode: str) -> None:
    image = Image.fromarray(SAMPLES).convert(mode)
    stream = BytesIO()
    image.save(stream, "bmp", dpi=(300, 200))
    read = decode_image(stream.getvalue(), "pillow.bmp")
    np.testing.assert_array_equal(read.samples.squeeze(), np.asarray(image))
    assert read.metadata.resolution == Resolution(11811, 7874, "metre")
    with Image.open(BytesIO(encode_image(read, "bmp"))) as again:
        assert again.mode == mode
        np.testing.assert_array_equal(np.asarray(again), np.asarray(image))


def test_alpha_is_seen_by_another_decoder() -> None:
    samples = np.dstack((SAMPLES, SAMPLES[:, :, 0]))
    with Image.open(BytesIO(encode_image(picture(samples), "bmp"))) as image:
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(image), samples)


def test_a_palette_becomes_colour_or_gray_by_what_it_holds() -> None:
    assert pixels_of(bmp(3, 1, 8, b"\x00\x01\xc8\x00", palette=RAMP)) == [
        [[0, 255, 0], [0, 254, 1], [100, 55, 200]]
    ]
    inverse = b"".join(bytes((255 - v,)) * 3 + b"\x00" for v in range(256))
    assert pixels_of(bmp(2, 1, 8, b"\x00\x0a\x00\x00", palette=inverse)) == [[[255], [245]]]


def test_black_and_white_in_eight_bits_are_not_taken_for_one_bit() -> None:
    for bits, row in ((8, b"\x00\x01\x01\x00"), (4, b"\x01\x10\x00\x00")):
        data = bmp(4, 1, bits, row, palette=TWO_GRAYS)
        assert pixels_of(data) == [[[0], [255], [255], [0]]]


def test_an_index_without_a_colour_is_black() -> None:
    data = bmp(4, 1, 8, b"\x01\x02\xff\x00", palette=b"\x00\x00\x09\x00\x01\x02\x03\x00")
    assert pixels_of(data) == [[[3, 2, 1], [0, 0, 0], [0, 0, 0], [9, 0, 0]]]


def test_the_first_row_is_the_lower_one_unless_the_height_is_negative() -> None:
    rows = b"\x01\x02\x03\x00\x04\x05\x06\x00"
    assert pixels_of(bmp(1, 2, 24, rows)) == [[[6, 5, 4]], [[3, 2, 1]]]
    assert pixels_of(bmp(1, -2, 24, rows)) == [[[3, 2, 1]], [[6, 5, 4]]]


def masks(*each: int) -> bytes:
    return struct.pack(f"<{len(each)}I", *each)


def test_sixteen_bits_become_eight_by_the_masks() -> None:
    row = struct.pack("<HH", 0x7C01, 0x0210)
    assert pixels_of(bmp(2, 1, 16, row)) == [[[255, 0, 8], [0, 132, 132]]]
    row = struct.pack("<HH", 0xF801, 0x0400)
    data = bmp(2, 1, 16, row, compression=3, more=masks(0xF800, 0x7E0, 0x1F))
    assert pixels_of(data) == [[[255, 0, 8], [0, 130, 0]]]
    row = struct.pack("<HH", 0xF421, 0x0FFF)
    data = bmp(2, 1, 16, row, compression=6, more=masks(0xF00, 0xF0, 0xF, 0xF000))
    assert pixels_of(data) == [[[68, 34, 17, 255], [255, 255, 255, 0]]]


def test_the_fourth_byte_is_alpha_only_if_the_file_says_so_and_fills_it() -> None:
    assert pixels_of(bmp(1, 1, 32, b"\x01\x02\x03\x04")) == [[[3, 2, 1]]]
    version_3 = masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    said = bmp(1, 1, 32, b"\x01\x02\x03\x04", compression=3, more=version_3, size=56)
    assert pixels_of(said) == [[[3, 2, 1, 4]]]
    unused = bmp(1, 1, 32, b"\x01\x02\x03\x00", compression=3, more=version_3, size=56)
    assert pixels_of(unused) == [[[3, 2, 1]]]
    turned = bmp(1, 1, 32, b"\x01\x02\x03\x04", compression=3, more=masks(0xFF, 0xFF00, 0xFF0000))
    assert pixels_of(turned) == [[[1, 2, 3]]]


def test_the_headers_of_os2_are_read() -> None:
    head = b"BM" + struct.pack("<IHHI", 0, 0, 0, 26) + struct.pack("<IHHHH", 12, 1, 1, 1, 24)
    assert pixels_of(head + b"\x01\x02\x03\x00") == [[[3, 2, 1]]]
    colours = bytes((1, 2, 3, 4, 5, 6)).ljust(48, b"\x00")
    head = b"BM" + struct.pack("<IHHI", 0, 0, 0, 74) + struct.pack("<IHHHH", 12, 2, 1, 1, 4)
    assert pixels_of(head + colours + b"\x10\x00\x00\x00") == [[[6, 5, 4], [3, 2, 1]]]


RUNS_8 = bytes(
    (
        *(3, 7, 0, 3, 1, 2, 3, 0, 0, 0),  # three of 7, then 1 2 3 and a byte of padding
        *(2, 9, 0, 2, 2, 0, 2, 5, 0, 0),  # two of 9, two that are skipped, two of 5
        *(9, 4, 0, 0),  # more of 4 than a row has
        *(0, 2, 3, 0, 1, 8, 0, 1),  # three that are skipped, one of 8, and the end
    )
)


def test_run_lengths_of_eight_bits_are_unpacked() -> None:
    palette = b"".join(bytes((v, v, v, 0)) for v in range(256))
    samples = decode_image(bmp(6, 4, 8, RUNS_8, palette=palette, compression=1), "a.bmp").samples
    assert samples[::-1, :, 0].tolist() == [
        [7, 7, 7, 1, 2, 3],
        [9, 9, 0, 0, 5, 5],
        [4, 4, 4, 4, 4, 4],
        [0, 0, 0, 8, 0, 0],
    ]


def test_run_lengths_of_four_bits_are_unpacked() -> None:
    palette = b"".join(bytes((v, v, v, 0)) for v in range(16))
    runs = bytes((5, 0x12, 0, 0, 0, 5, 0x34, 0x56, 0x70, 0, 0, 1))
    samples = decode_image(bmp(5, 2, 4, runs, palette=palette, compression=2), "a.bmp").samples
    assert samples[::-1, :, 0].tolist() == [[1, 2, 1, 2, 1], [3, 4, 5, 6, 7]]


@pytest.mark.skipif(not ROBUST.is_dir(), reason="the folder of odd files is not there")
def test_run_lengths_are_read_as_another_decoder_reads_them() -> None:
    data = (ROBUST / "pil_hopper_rle8.bmp").read_bytes()
    with Image.open(BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decode_image(data, "hopper.bmp").samples, expected)


def test_profile_and_colour_space_come_back_byte_for_byte(icc: bytes) -> None:
    written = encode_image(picture(SAMPLES, icc=icc), "bmp")
    assert written.endswith(icc)
    read = decode_image(written, "a.bmp")
    assert read.metadata.icc == icc
    assert encode_image(read, "bmp") == written
    space = b"\x00" * 4 + bytes(range(48))  # version 4: calibrated, with end points and gamma
    version_4 = bmp(1, 1, 24, b"\x01\x02\x03\x00", more=bytes(16) + space, size=108)
    again = encode_image(decode_image(version_4, "a.bmp"), "bmp")
    assert again[70:122] == space
    assert again[38:46] == struct.pack("<ii", 2835, 3000)


def test_a_stripped_picture_keeps_its_profile_alone(icc: bytes) -> None:
    resolution = Resolution(2835.0, 2835.0, "metre")
    read = decode_image(encode_image(picture(SAMPLES, icc=icc, resolution=resolution), "bmp"), "a")
    stripped = Picture(read.samples, False, "bmp", read.metadata.stripped())
    again = decode_image(encode_image(stripped, "bmp"), "a.bmp").metadata
    assert (again.icc, again.resolution) == (icc, None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bmp(8, 1, 1, b"\x55\x00\x00\x00", palette=TWO_GRAYS), "1 bit"),
        (bmp(8, 1, 2, b"\x55\x00\x00\x00", palette=RAMP[:16]), "2 bits"),
        (bmp(8, 8, 0, b"\xff\xd8\xff\xe0", compression=4), "compression 4"),
        (
            bmp(1, 1, 32, bytes(4), compression=3, more=masks(0x3FF00000, 0xFFC00, 0x3FF)),
            "10 bits a colour",
        ),
        (bmp(30_000, 30_000, 24, b""), "megapixels"),
        (bmp(2**31 - 1, -(2**31), 8, b""), "megapixels"),
    ],
)
def test_sound_files_of_other_kinds_are_unsupported(content: bytes, reason: str) -> None:
    with pytest.raises(UnsupportedImage, match=reason) as caught:
        decode_image(content, "other.bmp")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bmp(0, 4, 24, b""), "0 x 4"),
        (bmp(-4, 4, 24, bytes(99)), "-4 x 4"),
        (bmp(1, 1, 32, bytes(4), compression=3, more=masks(0xF0F, 0xF0, 0xF000)), "in a row"),
        (bmp(1, 1, 32, bytes(4), compression=3, more=masks(0, 0xF0, 0xF000)), "no bits"),
        (bmp(1, 1, 16, bytes(4), compression=3, more=masks(0xF0000, 0xF0, 0xF)), "no bits"),
        (bmp(6, 4, 8, RUNS_8[:-2], palette=RAMP, compression=1), "inside its pixels"),
        (bmp(6, 4, 8, RUNS_8[:7], palette=RAMP, compression=1), "inside its pixels"),
    ],
)
def test_what_contradicts_itself_is_unreadable(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        decode_image(content, "wrong.bmp")


WHOLE = {
    "gray.bmp": encode_image(picture(SAMPLES[:, :, :1]), "bmp"),
    "colour.bmp": encode_image(picture(SAMPLES), "bmp"),
    "profile.bmp": encode_image(picture(np.dstack((SAMPLES, SAMPLES[:, :, 0])), icc=b"icc"), "bmp"),
    "rle.bmp": bmp(6, 2, 8, b"\x00\x06abcdef\x00\x00\x00\x06ghijkl", palette=RAMP, compression=1),
    "555.bmp": bmp(2, 2, 16, b"abcdefgh"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    whole = WHOLE[name]
    decode_image(whole, name)
    for length in (*range(1, len(whole), max(1, len(whole) // 40)), len(whole) - 1):
        with pytest.raises(UnreadableImage):
            decode_image(whole[:length], name)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        damaged = bytearray(WHOLE[name])
        for position in (random.integers(0, 60), *random.integers(0, len(damaged), 2)):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):  # and nothing else, no warning either
            decode_image(bytes(damaged), name)
