"""Kinds of TIFF that are not simply 8 or 16 bits of gray or RGB."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tiff_material import array_of, page_of, random_samples, read, tiff

from imgclean.errors import UnreadableImage
from imgclean.images.picture import Picture
from imgclean.images.tiff.codec import encode
from imgclean.images.tiff.page import as_samples, as_stored


@given(st.data())
def test_samples_of_9_to_15_bits_are_read_with_their_white_and_written_with_it(
    data: st.DataObject,
) -> None:
    bits = data.draw(st.integers(9, 15))
    channels = data.draw(st.sampled_from((1, 3, 4)))
    shape = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20)), channels
    samples = random_samples("uint16", shape, highest=(1 << bits) - 1)
    settings: dict[str, Any] = {
        "bitspersample": bits,
        "byteorder": data.draw(st.sampled_from("<>")),
    }
    settings |= data.draw(st.sampled_from(({}, {"tile": (16, 16)}, {"rowsperstrip": 3})))
    if channels > 1:
        settings |= {"photometric": "rgb", "planarconfig": "contig"}
    # tifffile packs as if the bytes were native, which they are not in a big-endian file.
    big = settings["byteorder"] == ">"
    given_samples = samples.byteswap() if big else samples
    picture = read(tiff(given_samples if channels > 1 else given_samples[:, :, 0], **settings))
    np.testing.assert_array_equal(picture.samples, samples, strict=True)
    assert picture.highest == (1 << bits) - 1
    written = encode(picture, None)
    assert page_of(written).bitspersample == bits
    again = read(written)
    np.testing.assert_array_equal(again.samples, samples, strict=True)
    assert again.highest == picture.highest


@pytest.mark.parametrize("order", ["<", ">"])
def test_12_bits_are_packed_as_the_specification_says(order: str) -> None:
    values = random_samples("uint16", (5, 7), highest=4095)
    picture = read(packed(values, 12, "minisblack", order))
    np.testing.assert_array_equal(picture.samples[:, :, 0], values, strict=True)
    written = encode(picture, None)
    page = page_of(written)
    start = page.dataoffsets[0]
    assert page.parent.byteorder == order
    assert written[start : start + page.databytecounts[0]] == pack(values, 12).tobytes()


def test_white_is_0_in_12_bits_too() -> None:
    samples = random_samples("uint16", (9, 8), highest=4095)
    picture = read(tiff(samples, photometric="miniswhite", bitspersample=12))
    np.testing.assert_array_equal(picture.samples[:, :, 0], 4095 - samples)
    np.testing.assert_array_equal(array_of(encode(picture, None)), samples)


def test_bits_that_tiff_cannot_state_become_all_16() -> None:
    picture = Picture(np.array([[[0], [500], [1000]]], np.uint16), False, "pnm", highest=1000)
    again = read(encode(picture, None))
    assert again.samples.ravel().tolist() == [0, 32768, 65535]
    assert again.highest is None


@pytest.mark.parametrize("bits", [2, 4])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_gray_of_2_and_4_bits_becomes_8(bits: int, photometric: str) -> None:
    values = np.arange(1 << bits, dtype=np.uint8).repeat(3).reshape(-1, 3)
    source = packed(values, bits, photometric)
    picture = read(source)
    expected = values.astype(float) * 255 / ((1 << bits) - 1)
    if photometric == "miniswhite":
        expected = 255 - expected
    np.testing.assert_array_equal(picture.samples[:, :, 0], expected.astype(np.uint8))
    assert picture.highest is None
    written = encode(picture, None)
    assert page_of(written).bitspersample == 8
    assert page_of(written).photometric == page_of(source).photometric
    np.testing.assert_array_equal(read(written).samples, picture.samples)


def pack(values: np.ndarray, bits: int) -> np.ndarray:
    """Return rows of whole bytes, the highest bit of each value first."""
    shifts = np.arange(bits - 1, -1, -1)
    wide = (values[:, :, np.newaxis] >> shifts) & 1
    return np.packbits(wide.reshape(len(values), -1).astype(np.uint8), axis=1)


def packed(values: np.ndarray, bits: int, photometric: str, order: str = "<") -> bytes:
    """Return a TIFF of rows that are packed by hand: one of 8 bits with its tags changed."""
    data = bytearray(tiff(pack(values, bits), photometric=photometric, byteorder=order))
    tags = page_of(bytes(data)).tags
    for code, value in ((256, values.shape[1]), (258, bits)):
        kind = {3: "H", 4: "I"}[tags[code].dtype]
        struct.pack_into(order + kind, data, tags[code].valueoffset, value)
    return bytes(data)


@pytest.mark.parametrize("colours", [2, 16, 256])
def test_a_palette_becomes_rgb(colours: int) -> None:
    image = Image.fromarray(random_samples("uint8", (20, 30), highest=colours - 1), "P")
    image.putpalette(random_samples("uint8", (colours, 3)).tobytes())
    stream = BytesIO()
    image.save(stream, "tiff", compression="tiff_lzw")
    picture = read(stream.getvalue())
    assert (picture.space, picture.dtype) == ("rgb", np.uint8)
    np.testing.assert_array_equal(picture.samples, np.asarray(image.convert("RGB")))
    written = encode(picture, None)
    page = page_of(written)
    assert (page.photometric, page.compression, page.samplesperpixel) == (2, 5, 3)
    np.testing.assert_array_equal(read(written).samples, picture.samples)
    assert 320 not in page.tags


def test_a_palette_of_16_bits_keeps_its_high_ones_and_one_of_8_bits_all() -> None:
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    colours = random_samples("uint16", (3, 256))
    picture = read(tiff(indices, photometric="palette", colormap=colours))
    np.testing.assert_array_equal(picture.samples.reshape(256, 3).T, colours >> 8)
    small = read(tiff(indices, photometric="palette", colormap=colours >> 8))
    np.testing.assert_array_equal(small.samples, picture.samples)


def test_a_palette_without_its_colours_is_damaged() -> None:
    indices = np.zeros((4, 4), np.uint8)
    data = bytearray(tiff(indices, photometric="palette", colormap=np.zeros((3, 256), np.uint16)))
    tag = page_of(bytes(data)).tags[320]
    data[tag.offset + 4 : tag.offset + 8] = (30).to_bytes(4, "little")
    with pytest.raises(UnreadableImage, match="10 colours for 256 values"):
        read(bytes(data))


def test_inks_that_are_no_cmyk_are_separate_and_stay_inks() -> None:
    inks = [(332, 3, 1, 2, True), (334, 3, 1, 6, True)]
    samples = random_samples("uint8", (9, 8, 6))
    source = tiff(samples, photometric="separated", planarconfig="contig", extratags=inks)
    source = renamed(source, 338, 65_333)
    picture = read(source)
    assert (picture.space, picture.channels, picture.alpha) == ("separate", 6, False)
    written = encode(picture.with_colour(picture.colour), None)
    page = page_of(written)
    assert (page.photometric, page.tags[332].value, page.tags[334].value) == (5, 2, 6)
    assert 338 not in page.tags
    np.testing.assert_array_equal(array_of(written), samples)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_channels_that_the_file_does_not_explain_are_separate(planar: str) -> None:
    samples = random_samples("uint16", (9, 8, 7))
    stored = np.moveaxis(samples, 2, 0) if planar == "separate" else samples
    source = renamed(tiff(stored, planarconfig=planar, compression="zlib"), 338, 65_333)
    picture = read(source)
    assert (picture.space, picture.alpha) == ("separate", False)
    np.testing.assert_array_equal(picture.samples, samples, strict=True)
    written = encode(picture, None)
    np.testing.assert_array_equal(array_of(written), stored)
    assert 338 not in page_of(written).tags


def test_alpha_among_other_channels_is_not_touched_and_stays_where_it_was() -> None:
    samples = random_samples("uint8", (9, 8, 6))
    source = tiff(samples, photometric="rgb", planarconfig="contig", extrasamples=[0, 2, 0])
    picture = read(source)
    assert (picture.space, picture.channels, picture.alpha) == ("separate", 5, True)
    np.testing.assert_array_equal(picture.samples[:, :, 5], samples[:, :, 4])
    written = array_of(encode(picture.with_colour(np.zeros_like(picture.colour)), None))
    np.testing.assert_array_equal(written[:, :, 4], samples[:, :, 4])
    assert not np.delete(written, 4, axis=2).any()


def renamed(data: bytes, code: int, other: int) -> bytes:
    """Return a classic little-endian file in which a tag has another number."""
    at = page_of(data).tags[code].offset
    return data[:at] + other.to_bytes(2, "little") + data[at + 2 :]


@pytest.mark.parametrize("photometric", ["miniswhite", "minisblack"])
def test_a_decoded_strip_is_turned_into_samples_as_the_whole_image_is(photometric: str) -> None:
    stored = random_samples("uint8", (9, 8, 2))
    source = tiff(
        stored,
        photometric=photometric,
        planarconfig="contig",
        extrasamples=[2],
        compression="zlib",
        rowsperstrip=4,
    )
    picture = read(source)
    with tifffile.TiffFile(BytesIO(source)) as file:
        page = file.pages.first
        start, count = page.dataoffsets[1], page.databytecounts[1]
        strip, _, _ = page.decode(source[start : start + count], 1)
    samples = as_samples(strip, picture.metadata.own)
    np.testing.assert_array_equal(samples, picture.samples[4:8], strict=True)
    np.testing.assert_array_equal(as_stored(samples, picture.metadata.own), stored[4:8])
