from __future__ import annotations

import dataclasses
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
from boxed_material import (
    box,
    picture_of,
    pictures,
    require_cuts_to_be_unreadable,
    require_damage_to_be_read_or_refused,
    samples_of,
    smooth,
)
from hypothesis import given
from PIL import Image, ImageCms

from imgclean.errors import UnsupportedImage, UnwritableImage
from imgclean.images.boxes.orientation import orientation_in, with_orientation
from imgclean.images.jpegxl.bits import packed
from imgclean.images.jpegxl.codec import encode
from imgclean.images.jpegxl.header import read_header
from imgclean.images.jpegxl.record import read_container
from imgclean.images.limits import READ_ALL, ReadRules
from imgclean.images.picture import Metadata, Picture
from imgclean.images.read import decode_image

FORMS = (
    ("uint8", None),
    ("uint16", None),
    ("float16", None),
    ("float32", None),
    ("uint8", 5),
    ("uint16", 10),
    ("uint16", 12),
)
BEGIN = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl ", bytes(4), b"jxl ")


def read(data: bytes, rules: ReadRules = READ_ALL) -> Picture:
    return decode_image(data, "photo.jxl", rules)


def codestream(samples: np.ndarray, **settings: Any) -> bytes:
    flat = samples[:, :, 0] if samples.shape[2] == 1 else samples
    return read_container(bytes(imagecodecs.jpegxl_encode(flat, **settings)))[0]


def header_of(data: bytes) -> Any:
    return read_header(read_container(data)[0])


@given(pictures(FORMS))
def test_pixels_alpha_and_bit_depth_come_back_equal(picture: Picture) -> None:
    again = read(encode(picture, None))
    np.testing.assert_array_equal(again.samples, picture.samples, strict=True)
    assert (again.alpha, again.alpha_kind) == (picture.alpha, "straight")
    assert (again.format, again.highest) == ("jpegxl", picture.highest)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_floats_of_every_size_come_back_bit_for_bit(dtype: str, channels: int) -> None:
    """Small ones too, that libjxl's encoder would change."""
    values = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    values = values[np.isfinite(values)].astype(dtype)
    samples = np.resize(values, (64, 256, channels))
    again = read(encode(picture_of(samples), None)).samples
    assert again.dtype == samples.dtype
    assert again.tobytes() == samples.tobytes()


@given(pictures((("uint16", None), ("uint16", 12))))
def test_a_decoder_takes_integers_for_srgb(picture: Picture) -> None:
    """As it says what 8 bits of sRGB are, it has to say so of 16."""
    header = header_of(encode(picture, None))
    assert (header.colours.transfer, header.colours.gray) == ("sRGB", picture.channels == 1)


def test_floats_are_linear_unless_a_profile_says_otherwise(icc: bytes) -> None:
    samples = samples_of(6, 7, 3, "float32")
    assert header_of(encode(picture_of(samples), None)).colours.transfer == "linear"
    profiled = encode(picture_of(samples, Metadata(icc=icc)), None)
    assert header_of(profiled).colours.transfer == "sRGB"
    np.testing.assert_array_equal(read(profiled).samples, samples)
    assert header_of(encode(read(profiled), None)).colours.transfer == "sRGB"


def test_what_a_picture_of_another_format_says_comes_back(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    said = Metadata(icc=icc, exif=exif_bytes, xmp=xmp)
    again = read(encode(picture_of(samples_of(5, 4, 3), said), None)).metadata
    assert (again.exif, again.xmp) == (exif_bytes, xmp)
    assert encode(picture_of(samples_of(5, 4, 3)), None).startswith(b"\xff\x0a")


def test_every_box_on_the_image_is_kept_byte_for_byte(exif_bytes: bytes, xmp: bytes) -> None:
    upright = with_orientation(exif_bytes, 1) or b""
    packet = box(b"brob", b"xml ", imagecodecs.brotli_encode(xmp))
    before = (box(b"Exif", bytes(4), upright), packet, box(b"jumb", b"claims"))
    after = (box(b"brob", b"ownx", b"?"), box(b"ownx", b"\x00"))
    data = codestream(samples_of(6, 5, 3))
    half = len(data) // 2
    parts = box(b"jxlp", bytes(4), data[:half]) + box(b"jxlp", b"\x80\0\0\1", data[half:])
    untrue = box(b"jxli", b"index")
    picture = read(b"".join((BEGIN, *before, parts, *after, untrue)))
    assert (picture.metadata.exif, picture.metadata.xmp) == (upright, xmp)
    np.testing.assert_array_equal(picture.samples, samples_of(6, 5, 3))
    again = encode(picture, None)
    for each in (*before, *after):
        assert again.count(each) == 1
    assert b"jxli" not in again
    assert again.index(before[-1]) < again.index(b"jxlc") < again.index(after[0])


def test_the_packet_in_the_metadata_takes_the_place_of_the_files_own(xmp: bytes) -> None:
    compressed = box(b"brob", b"xml ", imagecodecs.brotli_encode(xmp))
    for packet in (box(b"xml ", xmp), compressed):
        data = BEGIN + box(b"jxlc", codestream(samples_of(4, 4, 3))) + packet
        picture = read(data)
        changed = dataclasses.replace(picture.metadata, xmp=b"<new/>")
        again = encode(dataclasses.replace(picture, metadata=changed), None)
        assert read(again).metadata.xmp == b"<new/>"
        assert packet not in again


def test_stripped_metadata_leave_orientation_and_loss(exif_bytes: bytes, xmp: bytes) -> None:
    said = Metadata(exif=exif_bytes, xmp=xmp)
    picture = read(encode(picture_of(smooth(), said), 60))
    bare = dataclasses.replace(picture, metadata=picture.metadata.stripped())
    again = encode(bare, None)
    assert b"Maker" not in again
    assert read(again).metadata.xmp is None
    assert orientation_in(read(again).metadata.exif) == 6
    assert header_of(again).xyb


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("channels", "dtype"), [(1, "uint8"), (3, "uint16"), (4, "float16")])
def test_orientation_is_in_the_header_and_pixels_are_not_turned(
    orientation: int, channels: int, dtype: str
) -> None:
    samples = samples_of(9, 5, channels, dtype)
    said = Metadata(exif=with_orientation(None, orientation))
    for quality in (None, 80):
        data = encode(picture_of(samples, said), quality)
        assert header_of(data).orientation == orientation
        picture = read(data)
        assert picture.samples.shape == samples.shape
        assert orientation_in(picture.metadata.exif) == orientation
        shown = imagecodecs.jpegxl_decode(data)
        assert (shown.shape[:2] == (9, 5)) == (orientation < 5)


def test_the_header_overrules_the_orientation_in_exif(exif_bytes: bytes) -> None:
    data = (
        BEGIN + box(b"jxlc", codestream(samples_of(9, 5, 3))) + box(b"Exif", bytes(4), exif_bytes)
    )
    picture = read(data)
    assert orientation_in(picture.metadata.exif) == 1
    assert with_orientation(picture.metadata.exif, 6) == exif_bytes
    assert encode(picture, None).count(exif_bytes) == 1


def test_colours_that_are_multiplied_with_alpha_are_said_to_be_so() -> None:
    picture = dataclasses.replace(picture_of(samples_of(7, 6, 4)), alpha_kind="premultiplied")
    again = read(encode(picture, None))
    assert again.alpha_kind == "premultiplied"
    np.testing.assert_array_equal(again.samples, picture.samples)
    assert read(encode(again, None)).alpha_kind == "premultiplied"


def test_a_lossy_file_stays_lossy_and_quality_makes_one_of_any() -> None:
    assert header_of(encode(read(codestream(smooth(), level=80)), None)).xyb
    assert header_of(encode(read(codestream(smooth())), None)).lossless
    noisy = picture_of(samples_of(64, 64, 3))
    sizes = [len(encode(noisy, quality)) for quality in (20, 60, 95)]
    assert sizes == sorted(set(sizes))


def test_a_file_made_of_a_jpeg_counts_as_lossy_and_is_no_longer_one() -> None:
    stream = BytesIO()
    Image.fromarray(smooth()).save(stream, "jpeg", quality=90)
    data = bytes(imagecodecs.jpegxl_encode_jpeg(stream.getvalue(), usecontainer=True))
    assert b"jbrd" in data
    picture = read(data)
    difference = picture.samples.astype(int) - np.asarray(Image.open(stream))
    assert np.abs(difference).max() < 9
    again = encode(picture, None)
    assert b"jbrd" not in again
    assert header_of(again).xyb


@pytest.mark.parametrize(
    ("dtype", "top"), [("uint8", 255), ("uint16", 65535), ("uint16", 4095), ("float32", 1)]
)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_lossy_files_are_close_at_every_depth_and_alpha_is_equal(
    dtype: str, top: int, channels: int
) -> None:
    samples = smooth(channels, dtype, top)
    highest = top if top == 4095 else None
    again = read(encode(picture_of(samples, highest=highest), 90))
    assert (again.dtype, again.highest) == (samples.dtype, highest)
    difference = (again.samples.astype(float) - samples) / top
    assert np.abs(difference).max() > 0
    assert np.sqrt(np.mean(difference[:, :, : again.channels] ** 2)) < 0.02
    if again.alpha:
        np.testing.assert_array_equal(again.samples[:, :, -1], samples[:, :, -1])


def described(colours: tuple[tuple[int, int], ...]) -> bytes:
    """Return the codestream header of 8 x 8 pixels, 8 bits, without loss, in such colours."""
    small = ((0x0AFF, 16), (1, 1), (0, 5), (1, 3))
    depth = ((0, 1), (0, 1), (0, 1), (0, 2), (1, 1))
    return packed(*small, *depth, (0, 2), (0, 1), *colours, (0, 2), (1, 1)) + bytes(99)


P3 = ((0, 1), (0, 1), (0, 2), (1, 2), (0b10, 2), (9, 4), (0, 1), (0b10, 2), (11, 4), (1, 2))
PQ = ((0, 1), (0, 1), (0, 2), (1, 2), (0b10, 2), (7, 4), (0, 1), (0b10, 2), (14, 4), (1, 2))
GAMMA = ((0, 1), (0, 1), (1, 2), (1, 2), (1, 1), (4_545_500, 24), (1, 2))
UNSUPPORTED = {
    "profile": (described(((0, 1), (1, 1), (0, 2))), "ICC profile"),
    "p3": (described(P3), "P3 primaries"),
    "pq": (described(PQ), r"BT.2100 primaries, PQ \(HDR\)"),
    "gamma": (described(GAMMA), r"gamma 0\.455"),
    "linear": (codestream(samples_of(8, 8, 3, "uint16")), "linear"),
    "moving": (bytes(imagecodecs.jpegxl_encode(np.stack([smooth(), smooth()]))), "animated"),
    "bands": (
        bytes(imagecodecs.jpegxl_encode(np.zeros((3, 9, 8), np.uint8), planar=True)),
        "extra channel",
    ),
    "bomb": (packed((0x0AFF, 16), (0, 1), (3, 2), (59_999, 30), (1, 3)) + bytes(99), "megapixels"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_sound_files_of_other_kinds_are_unsupported_by_name(name: str) -> None:
    content, reason = UNSUPPORTED[name]
    with pytest.raises(UnsupportedImage, match=reason) as caught:
        read(content)
    assert caught.value.hint


def test_of_an_animation_the_first_image_is_read_if_asked_for() -> None:
    frames = np.stack([smooth(), 255 - smooth()])
    picture = read(bytes(imagecodecs.jpegxl_encode(frames)), ReadRules(first_page=True))
    np.testing.assert_array_equal(picture.samples, frames[0])
    assert not header_of(encode(picture, None)).animated


def test_a_profile_of_other_colours_is_refused_rather_than_dropped() -> None:
    wide = imagecodecs.cms_profile(
        "rgb",
        whitepoint=(0.3127, 0.329, 1.0),
        primaries=(0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1),
        gamma=2.2,
    )
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (wide, lab, b"damaged"):
        with pytest.raises(UnwritableImage, match="colour profiles") as caught:
            encode(picture_of(samples_of(4, 4, 3), Metadata(icc=profile)), None)
        assert "png" in caught.value.hint


WHOLE = {
    "8-bit": encode(picture_of(smooth()), None),
    "in a container": encode(picture_of(samples_of(30, 30, 2), Metadata(xmp=b"<x/>" * 99)), None),
    "16-bit": encode(picture_of(smooth(3, "uint16", 65535)), None),
    "lossy with alpha": encode(picture_of(smooth(4)), 80),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    require_cuts_to_be_unreadable(WHOLE[name])


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    require_damage_to_be_read_or_refused(WHOLE[name])


def test_a_file_without_its_last_part_is_unreadable() -> None:
    data = codestream(smooth())
    require_cuts_to_be_unreadable(
        BEGIN + box(b"jxlp", bytes(4), data[:99]) + box(b"jxlp", b"\x80\0\0\1", data[99:])
    )


def test_text_that_inflates_without_end_is_kept_but_not_inflated() -> None:
    bomb = box(b"brob", b"xml ", imagecodecs.brotli_encode(bytes(1 << 26)))
    data = BEGIN + box(b"jxlc", codestream(samples_of(4, 4, 3))) + bomb
    picture = read(data)
    assert picture.metadata.xmp is None
    assert bomb in encode(picture, None)


def test_sides_of_all_forms_are_read_from_the_header() -> None:
    for height, width in ((8, 8), (256, 512), (7, 300), (1, 9000), (600, 800)):
        header = read_header(codestream(np.zeros((height, width, 1), np.uint8)))
        assert (header.height, header.width) == (height, width)
