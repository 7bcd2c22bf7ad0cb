from __future__ import annotations

import dataclasses
import struct
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from boxed_material import (
    picture_of,
    pictures,
    require_cuts_to_be_unreadable,
    require_damage_to_be_read_or_refused,
    samples_of,
    smooth,
)
from hypothesis import given
from PIL import Image, ImageCms

from imgclean.errors import UnsupportedImage
from imgclean.images.avif.codec import encode
from imgclean.images.avif.writing import write_items
from imgclean.images.boxes.box import Box, first_body, read_boxes
from imgclean.images.boxes.items import Item, ItemFile, read_items
from imgclean.images.boxes.orientation import orientation_in, with_orientation
from imgclean.images.formats import recognise_bytes
from imgclean.images.limits import READ_ALL, ReadRules
from imgclean.images.picture import Metadata, Picture
from imgclean.images.read import decode_image

FORMS = (("uint8", None), ("uint16", 10), ("uint16", 12))
NCLX = struct.Struct(">4sHHHB")
SHARED = (b"pixi", b"colr")
P3 = {"primaries": 12, "transfer": 13}
PQ = {"primaries": 9, "transfer": 16}


def read(data: bytes, rules: ReadRules = READ_ALL) -> Picture:
    return decode_image(data, "photo.avif", rules)


def avif(samples: np.ndarray, **settings: Any) -> bytes:
    flat = samples[:, :, 0] if samples.shape[2] == 1 else samples
    return bytes(imagecodecs.avif_encode(flat, speed=9, **settings))


def items_of(data: bytes) -> ItemFile:
    return read_items(data, read_boxes(data))


def colour_of(data: bytes) -> tuple[int, ...]:
    """Return primaries, transfer and matrix."""
    (body,) = (
        bytes(box.body)
        for box, _ in items_of(data).shown.properties
        if box.kind == b"colr" and box.body[:4] == b"nclx"
    )
    return NCLX.unpack_from(body)[1:4]


def rewritten(data: bytes, *extra: Item, properties: tuple[tuple[Box, bool], ...] = ()) -> bytes:
    """Return a file with further items and further properties of its image."""
    file = items_of(data)
    file.shown.properties += properties
    brands = first_body(read_boxes(data), b"ftyp") or b""
    return write_items(brands, file.primary, [*file.items.values(), *extra])


@given(pictures(FORMS))
def test_pixels_alpha_and_bit_depth_come_back_equal(picture: Picture) -> None:
    again = read(encode(picture, None))
    np.testing.assert_array_equal(again.samples, picture.samples, strict=True)
    assert (again.alpha, again.alpha_kind) == (picture.alpha, "straight")
    assert (again.format, again.highest) == ("avif", picture.highest)


def test_what_a_picture_of_another_format_says_comes_back(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    said = Metadata(icc=icc, exif=exif_bytes, xmp=xmp)
    for channels, dtype, highest in ((1, "uint8", None), (4, "uint16", 1023)):
        samples = samples_of(5, 4, channels, dtype, 10 if highest else None)
        data = encode(picture_of(samples, said, highest=highest), None)
        again = read(data).metadata
        assert (again.icc, again.exif, again.xmp) == (icc, exif_bytes, xmp)


def test_without_a_profile_a_file_says_that_its_colours_are_srgb(icc: bytes) -> None:
    assert colour_of(encode(picture_of(smooth()), None)) == (1, 13, 0)
    assert colour_of(encode(picture_of(smooth()), 80)) == (1, 13, 6)
    assert colour_of(encode(picture_of(smooth(), Metadata(icc=icc)), 80)) == (2, 2, 6)


def test_everything_on_the_image_is_kept_byte_for_byte(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    about = [(b"cdsc", (1,))]
    block = struct.pack(">I", 6) + b"Exif\x00\x00" + (with_orientation(exif_bytes, 1) or b"")
    exif = Item(7, b"Exif", b"camera\x00", block, references=list(about))
    packet = Item(8, b"mime", b"\x00application/rdf+xml\x00", xmp, references=list(about))
    other = Item(9, b"mime", b"\x00text/plain\x00", b"hello", references=list(about))
    light = Box(b"clli", struct.pack(">HH", 1000, 400))
    profile = Box(b"colr", b"rICC" + icc)
    properties = ((light, False), (profile, False), (Box(b"pasp", bytes(7) + b"\x01"), False))
    data = rewritten(avif(samples_of(6, 5, 4)), exif, packet, other, properties=properties)
    picture = read(data)
    assert picture.metadata.exif == with_orientation(exif_bytes, 1)
    assert (picture.metadata.xmp, picture.metadata.icc) == (xmp, icc)
    again = items_of(encode(picture, None))
    for kept in (exif, packet, other):
        (found,) = (each for each in again.items.values() if each.body == kept.body)
        assert (found.kind, found.name) == (kept.kind, kept.name)
        assert found.refers(b"cdsc", again.primary)
    for entry in properties:
        assert again.shown.properties.count(entry) == 1


def test_the_packet_in_the_metadata_takes_the_place_of_the_files_own(xmp: bytes) -> None:
    picture = read(encode(picture_of(samples_of(4, 4, 3), Metadata(xmp=xmp)), None))
    changed = dataclasses.replace(picture.metadata, xmp=b"<new/>")
    again = encode(dataclasses.replace(picture, metadata=changed), None)
    assert read(again).metadata.xmp == b"<new/>"
    assert xmp not in again


def test_stripped_metadata_leave_colours_orientation_and_loss(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    said = Metadata(icc=icc, exif=exif_bytes, xmp=xmp)
    picture = read(encode(picture_of(smooth(), said), 60))
    bare = dataclasses.replace(picture, metadata=picture.metadata.stripped())
    again = encode(bare, None)
    assert b"Maker" not in again
    assert (read(again).metadata.xmp, read(again).metadata.icc) == (None, icc)
    assert orientation_in(read(again).metadata.exif) == 6
    assert colour_of(again)[2] == 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_carried_as_pillow_understands_it_and_pixels_are_not_turned(
    orientation: int,
) -> None:
    said = Metadata(exif=with_orientation(None, orientation))
    samples = samples_of(9, 5, 3)
    data = encode(picture_of(samples, said), None)
    with Image.open(BytesIO(data)) as image:
        assert image.size == (5, 9)
        assert image.getexif().get(0x0112, 1) == orientation
    block = Image.Exif()
    block[0x0112] = orientation
    stream = BytesIO()
    Image.fromarray(samples).save(stream, "avif", exif=block)
    picture = read(stream.getvalue())
    assert picture.samples.shape == samples.shape
    assert orientation_in(picture.metadata.exif) == orientation
    turned = [p for p in items_of(encode(picture, None)).shown.properties if p[0].kind == b"irot"]
    theirs = [p for p in items_of(stream.getvalue()).shown.properties if p[0].kind == b"irot"]
    assert turned == theirs


def test_orientation_properties_overrule_exif(exif_bytes: bytes) -> None:
    block = Item(5, b"Exif", body=bytes(4) + exif_bytes, references=[(b"cdsc", (1,))])
    mirrored = ((Box(b"irot", b"\x02"), True), (Box(b"imir", b"\x01"), True))
    picture = read(rewritten(avif(samples_of(5, 4, 3)), block, properties=mirrored))
    assert orientation_in(picture.metadata.exif) == 4  # half a turn and left for right
    again = encode(picture, None)
    assert orientation_in(read(again).metadata.exif) == 4
    assert again.count(exif_bytes) == 1


def test_colours_by_number_are_kept_and_told_to_other_formats() -> None:
    picture = read(avif(smooth(), level=80, pixelformat="yuv422", matrix=1, **P3))
    again = encode(picture, None)
    assert colour_of(again) == (12, 13, 1)
    configuration = items_of(again).shown.described(b"av1C") or b""
    assert configuration[2] & 0x0C == 0x08  # half the chroma
    assert picture.metadata.icc is not None
    profile = ImageCms.ImageCmsProfile(BytesIO(picture.metadata.icc)).profile
    assert profile.red_primary[1][:2] == pytest.approx((0.682, 0.319), abs=0.003)
    assert b"prof" not in again
    stripped = dataclasses.replace(picture, metadata=picture.metadata.stripped())
    assert colour_of(encode(stripped, None)) == (12, 13, 1)


def test_colours_of_hdr_are_kept_in_the_format() -> None:
    samples = samples_of(8, 8, 3, "uint16", 10)
    picture = read(avif(samples, bitspersample=10, **PQ))
    assert picture.highest == 1023
    assert colour_of(encode(picture, None)) == (9, 16, 0)
    assert colour_of(encode(picture, 80)) == (9, 16, 6)


def test_a_lossy_file_stays_lossy_and_quality_makes_one_of_any() -> None:
    assert colour_of(encode(read(avif(smooth(), level=80)), None))[2] == 6
    assert colour_of(encode(read(avif(smooth())), None))[2] == 0
    noisy = picture_of(samples_of(64, 64, 3))
    sizes = [len(encode(noisy, quality)) for quality in (20, 60, 95)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("uint16", 1023), ("uint16", 4095)])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_lossy_files_are_close_at_every_depth_and_alpha_is_equal(
    dtype: str, top: int, channels: int
) -> None:
    samples = smooth(channels, dtype, top)
    highest = top if dtype == "uint16" else None
    again = read(encode(picture_of(samples, highest=highest), 90))
    difference = (again.samples.astype(float) - samples) / top
    assert np.abs(difference).max() < 0.03
    assert (np.abs(difference).max() == 0) == (channels < 3)  # gray never loses anything
    if again.alpha:
        np.testing.assert_array_equal(again.samples[:, :, -1], samples[:, :, -1])


def test_files_of_pillow_are_read_as_it_reads_them_and_ours_by_it(
    icc: bytes, exif: Image.Exif, xmp: bytes
) -> None:
    for channels in (3, 4):
        stream = BytesIO()
        Image.fromarray(smooth(channels)).save(
            stream, "avif", quality=70, icc_profile=icc, exif=exif.tobytes(), xmp=xmp
        )
        picture = read(stream.getvalue())
        with Image.open(stream) as image:
            theirs = np.asarray(image)
        np.testing.assert_array_equal(picture.samples, theirs)
        assert (picture.metadata.icc, picture.metadata.xmp) == (icc, xmp)
        assert b"Model 7" in (picture.metadata.exif or b"")
        with Image.open(BytesIO(encode(picture, None))) as image:
            assert image.info["icc_profile"] == icc
            assert image.info["xmp"] == xmp
            assert image.getexif()[0x0110] == "Model 7"
            assert np.abs(np.asarray(image).astype(int) - theirs).max() < 12


def test_an_image_made_of_tiles_is_read_whole() -> None:
    tile = avif(samples_of(64, 64, 3))
    first = items_of(tile).shown
    size = Box(b"ispe", struct.pack(">III", 0, 100, 64))
    shown = Item(1, b"grid", body=struct.pack(">BBBBHH", 0, 0, 0, 1, 100, 64))
    shown.properties = [(size, False), *(p for p in first.properties if p[0].kind in SHARED)]
    shown.references = [(b"dimg", (2, 3))]
    tiles = [Item(n, b"av01", body=first.body, properties=first.properties) for n in (2, 3)]
    brands = first_body(read_boxes(tile), b"ftyp") or b""
    picture = read(write_items(brands, 1, [shown, *tiles]))
    expected = np.concatenate([samples_of(64, 64, 3)] * 2, axis=1)[:, :100]
    np.testing.assert_array_equal(picture.samples, expected)
    np.testing.assert_array_equal(read(encode(picture, None)).samples, expected)


def moving() -> bytes:
    stream = BytesIO()
    frames = [Image.fromarray(smooth()), Image.fromarray(255 - smooth())]
    frames[0].save(stream, "avif", save_all=True, append_images=frames[1:], quality=100)
    return stream.getvalue()


def with_sides(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def derived() -> bytes:
    data = avif(samples_of(8, 8, 3))
    file = items_of(data)
    overlay = Item(9, b"iovl", body=bytes(20), properties=file.shown.properties)
    brands = first_body(read_boxes(data), b"ftyp") or b""
    return write_items(brands, 9, [*file.items.values(), overlay])


UNSUPPORTED = {
    "moving": (moving(), "animated"),
    "overlay": (derived(), r"made of others \(iovl\)"),
    "bomb": (with_sides(avif(samples_of(8, 8, 3)), 60_000, 60_000), "megapixels"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_sound_files_of_other_kinds_are_unsupported_by_name(name: str) -> None:
    content, reason = UNSUPPORTED[name]
    with pytest.raises(UnsupportedImage, match=reason) as caught:
        read(content)
    assert caught.value.hint


def test_of_an_animation_the_first_image_is_read_if_asked_for() -> None:
    picture = read(moving(), ReadRules(first_page=True))
    assert np.abs(picture.samples.astype(int) - smooth()).max() < 9
    assert first_body(read_boxes(encode(picture, None)), b"moov") is None


WHOLE = {
    "8-bit": encode(picture_of(smooth(), Metadata(xmp=b"<x/>" * 99)), None),
    "lossy with alpha": encode(picture_of(smooth(4)), 80),
    "12-bit": encode(picture_of(smooth(1, "uint16", 4095), highest=4095), None),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    require_cuts_to_be_unreadable(WHOLE[name])


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    require_damage_to_be_read_or_refused(WHOLE[name])


def test_files_that_name_avif_second_are_recognised() -> None:
    for major in (b"avif", b"avis", b"mif1", b"miaf"):
        head = struct.pack(">I4s4sI", 28, b"ftyp", major, 0) + b"mif1avifmiaf"
        found = recognise_bytes(head)
        assert found is not None
        assert (found.format.name if found.format else "") == "avif"


def test_a_real_file_is_read_and_kept_lossy() -> None:
    path = Path("../shared/data/robust/pil_hopper.avif")
    if not path.exists():
        pytest.skip("no shared data here")
    picture = read(path.read_bytes())
    with Image.open(path) as image:
        np.testing.assert_array_equal(picture.samples, np.asarray(image))
    again = encode(picture, None)
    assert colour_of(again) == colour_of(path.read_bytes()) == (1, 13, 6)
    assert np.abs(read(again).samples.astype(int) - picture.samples).max() < 40


def test_writing_takes_about_a_second_a_megapixel() -> None:
    rows = np.tile(smooth(), (8, 6, 1)).astype(int)
    noise = np.random.default_rng(0).normal(0, 8, rows.shape)
    samples = np.clip(rows + noise, 0, 255).astype(np.uint8)
    start = time.process_time()
    encode(picture_of(samples), None)
    assert (time.process_time() - start) / (samples.size / 3e6) < 4  # on slow machines too
