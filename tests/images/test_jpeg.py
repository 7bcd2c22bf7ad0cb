from __future__ import annotations

import dataclasses
import errno
import os
from contextlib import suppress
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from imgclean.errors import ImageError, UnreadableImage
from imgclean.images.jpeg.codec import decode, encode
from imgclean.images.jpeg.segments import (
    APP1,
    APP2,
    COM,
    Segment,
    parse_frame,
    read_segments,
    write_segment,
)
from imgclean.images.limits import READ_ALL
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.read import decode_image

APP0, APP5, APP13, APP14 = 0xE0, 0xE5, 0xED, 0xEE


def read(data: bytes) -> Picture:
    return decode(data, READ_ALL)


def photo(channels: int = 3, *, width: int = 61, height: int = 45) -> np.ndarray:
    """Return a smooth picture, (H, W, C), with colours that subsampling would show."""
    y, x = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(x / (9 + 7 * i)) * np.cos(y / (11 - 3 * i)) for i in range(3)]
    return np.stack(planes[:channels], axis=2).astype(np.uint8)


def jpeg(samples: np.ndarray, **settings: Any) -> bytes:
    """Return a JPEG file by Pillow."""
    stream = BytesIO()
    Image.fromarray(samples.squeeze()).save(stream, "jpeg", **settings)
    return stream.getvalue()


def with_segments(data: bytes, *segments: tuple[int, bytes]) -> bytes:
    """Return the file with its metadata segments replaced."""
    body = next(each.start for each in read_segments(data) if not each.is_metadata)
    return data[:2] + b"".join(write_segment(*each) for each in segments) + data[body:]


def with_xmp(picture: Picture, xmp: bytes | None) -> Picture:
    return dataclasses.replace(picture, metadata=dataclasses.replace(picture.metadata, xmp=xmp))


def metadata_segments(data: bytes) -> list[tuple[int, bytes]]:
    return [(each.marker, each.payload) for each in read_segments(data) if each.is_metadata]


def frame_and_tables(data: bytes) -> tuple[object, list[list[int]]]:
    segments = list(read_segments(data))
    frame = parse_frame(next(each for each in segments if each.marker in (0xC0, 0xC1, 0xC2)))
    with JpegImageFile(BytesIO(data)) as image:
        return frame, [image.quantization[each.table] for each in frame.components]


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_those_that_pillow_decodes(channels: int) -> None:
    data = jpeg(photo(channels), quality=80)
    picture = read(data)
    with Image.open(BytesIO(data)) as image:
        expected = np.asarray(image).reshape(picture.samples.shape)
    np.testing.assert_array_equal(picture.samples, expected, strict=True)
    assert (picture.channels, picture.alpha, picture.format) == (channels, False, "jpeg")


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [12, 75, 100])
def test_tables_subsampling_and_process_are_those_of_the_source(
    quality: int, subsampling: int, progressive: bool
) -> None:
    data = jpeg(photo(), quality=quality, subsampling=subsampling, progressive=progressive)
    written = encode(read(data), None)
    assert frame_and_tables(written) == frame_and_tables(data)


def test_tables_of_each_component_and_of_gray_are_kept() -> None:
    own = [[3 + i] * 64 for i in range(3)]
    colour = jpeg(photo(), qtables=own, subsampling=0)
    gray = jpeg(photo(1), qtables=own[:1])
    assert frame_and_tables(encode(read(colour), None)) == frame_and_tables(colour)
    assert frame_and_tables(encode(read(gray), None)) == frame_and_tables(gray)


def test_a_picture_that_was_not_changed_hardly_changes() -> None:
    data = jpeg(photo(), quality=85, subsampling=2)
    picture = read(data)
    again = read(encode(picture, None))
    error = np.mean((again.samples.astype(float) - picture.samples) ** 2)
    assert error < 2.0


def test_a_quality_replaces_the_source_s_tables_and_keeps_its_subsampling() -> None:
    data = jpeg(photo(), quality=95, subsampling=1)
    frame, tables = frame_and_tables(encode(read(data), 30))
    expected_frame, expected_tables = frame_and_tables(jpeg(photo(), quality=30, subsampling=1))
    assert (frame, tables) == (expected_frame, expected_tables)


def test_every_metadata_segment_is_kept_byte_for_byte(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    profile = icc * 200  # more than a segment holds
    parts = [profile[i : i + 65_000] for i in range(0, len(profile), 65_000)]
    segments = (
        (APP1, b"Exif\x00\x00" + exif_bytes),
        (APP0, b"JFIF\x00\x01\x02\x01\x01\x2c\x00\xc8\x00\x00"),
        (APP1, b"http://ns.adobe.com/xap/1.0/\x00" + xmp),
        (APP1, b"http://ns.adobe.com/xmp/extension/\x00" + b"0" * 32 + bytes(8) + b"<more/>"),
        *((APP2, b"ICC_PROFILE\x00" + bytes((i + 1, len(parts))) + p) for i, p in enumerate(parts)),
        (APP13, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x03\x1c\x02\x05"),
        (APP5, b"of some camera"),
        (COM, b"a comment"),
    )
    data = with_segments(jpeg(photo(), quality=85), *segments)
    picture = read(data)
    written = encode(picture.with_colour(photo()[::-1].copy()), None)
    assert metadata_segments(written) == list(segments)
    metadata = picture.metadata
    assert (metadata.icc, metadata.exif, metadata.xmp) == (profile, exif_bytes, xmp)
    assert metadata.resolution == Resolution(300, 200, "inch")


def test_orientation_is_kept_and_pixels_are_not_turned(exif_bytes: bytes) -> None:
    data = with_segments(jpeg(photo()), (APP1, b"Exif\x00\x00" + exif_bytes))
    picture = read(data)
    assert (picture.width, picture.height) == (61, 45)
    with Image.open(BytesIO(encode(picture, None))) as image:
        assert image.size == (61, 45)
        assert image.getexif()[0x0112] == 6


def test_what_follows_the_image_is_kept() -> None:
    film = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256))
    picture = read(jpeg(photo()) + film)
    assert encode(picture, None).endswith(b"\xff\xd9" + film)


@pytest.mark.parametrize("subsampling", [0, 2])
def test_rgb_without_a_colour_transform_stays_so(subsampling: int) -> None:
    data = jpeg(photo(), quality=95, keep_rgb=True)
    picture = read(data)
    assert np.abs(picture.samples.astype(int) - photo()).max() < 12
    written = encode(picture, None)
    segments = {each.marker: each for each in read_segments(written)}
    assert segments[APP14].payload[11] == 0
    assert bytes(c.name for c in parse_frame(segments[0xC0]).components) == b"RGB"
    assert np.abs(read(written).samples.astype(int) - photo()).max() < 12


def test_a_progressive_source_too_fine_for_pillow_s_buffer_is_written() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    base = jpeg(photo(width=400, height=300), quality=100, subsampling=0, progressive=True)
    picture = read(base).with_colour(noise)
    again = read(encode(picture, None))
    assert np.abs(again.samples.astype(int) - noise).max() <= 4


def test_general_metadata_are_written_where_no_jpeg_is_followed(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    resolution = Resolution(118.0, 59.0, "centimetre")
    metadata = Metadata(icc=icc * 150, exif=exif_bytes, xmp=xmp, resolution=resolution)
    data = encode(Picture(photo(), False, "png", metadata), None)
    again = read(data).metadata
    assert (again.icc, again.exif, again.xmp) == (icc * 150, exif_bytes, xmp)
    assert again.resolution == resolution
    with Image.open(BytesIO(data)) as image:
        assert image.getexif()[0x0112] == 6


def test_exif_that_no_segment_holds_is_left_out(xmp: bytes) -> None:
    metadata = Metadata(exif=b"MM\x00*" + bytes(70_000), xmp=xmp)
    again = read(encode(Picture(photo(), False, "tiff", metadata), None)).metadata
    assert again.exif is None
    assert again.xmp == xmp


def test_only_the_compressed_data_of_a_scan_hide_markers() -> None:
    hidden = write_segment(APP5, b"\xff\xd9\xff\xda\x00\x0c")
    data = jpeg(photo(), restart_marker_blocks=1)
    segments = list(read_segments(data[:2] + hidden + data[2:]))
    assert segments[0] == Segment(APP5, b"\xff\xd9\xff\xda\x00\x0c", 2, 12)
    assert segments[-1].end == len(data) + len(hidden)
    assert sum(each.marker == 0xDA for each in segments) == 1


def mean_square(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.mean((one.astype(float) - other) ** 2))


def inks(width: int = 61, height: int = 45) -> np.ndarray:
    """Return a smooth picture of four inks, (H, W, 4), 0 for none."""
    black = photo(1, width=width, height=height)[::-1, ::-1] // 2
    return np.concatenate([photo(3, width=width, height=height), black], axis=2)


def cmyk_jpeg(samples: np.ndarray, stored_as: str, quality: int = 97) -> bytes:
    """Return a CMYK JPEG by libjpeg alone; YCCK has its colours at half size, its black whole."""
    stored = np.invert(samples)  # as Adobe's programs have it
    return imagecodecs.jpeg8_encode(
        stored, level=quality, colorspace="CMYK", outcolorspace=stored_as
    )


def adobe_flag(data: bytes) -> int | None:
    payloads = {each.marker: each.payload for each in read_segments(data)}
    return payloads[APP14][11] if APP14 in payloads else None


def layout(data: bytes) -> tuple[object, list[list[int]]]:
    """Return sampling factors and tables, whatever the tables' numbers are."""
    frame, tables = frame_and_tables(data)
    return [(each.horizontal, each.vertical) for each in frame.components], tables


@pytest.mark.parametrize(("stored_as", "flag"), [("CMYK", 0), ("YCCK", 2)])
def test_cmyk_keeps_its_meaning_transform_tables_and_subsampling(
    stored_as: str, flag: int, icc: bytes
) -> None:
    data = cmyk_jpeg(inks(), stored_as)
    kept = [
        *metadata_segments(data),
        (APP2, b"ICC_PROFILE\x00\x01\x01" + icc),
        (COM, b"of a printer"),
    ]
    data = with_segments(data, *kept)
    picture = read(data)
    assert (picture.space, picture.alpha) == ("cmyk", False)
    assert mean_square(picture.samples, inks()) < 6
    assert picture.metadata.icc == icc
    written = encode(picture, None)
    assert adobe_flag(written) == adobe_flag(data) == flag
    assert layout(written) == layout(data)
    assert metadata_segments(written) == kept
    theirs = [imagecodecs.jpeg8_decode(each) for each in (data, written)]
    assert mean_square(*theirs) < 3
    with Image.open(BytesIO(written)) as image:
        assert image.mode == "CMYK"
        assert mean_square(np.asarray(image), inks()) < 9


@pytest.mark.parametrize("stored_as", ["CMYK", "YCCK"])
def test_changed_inks_are_written_as_they_are(stored_as: str) -> None:
    turned = inks()[::-1].copy()
    written = encode(read(cmyk_jpeg(inks(), stored_as)).with_colour(turned), None)
    theirs = np.invert(imagecodecs.jpeg8_decode(written))
    assert mean_square(theirs, turned) < 9


def test_cmyk_without_a_word_on_the_writer_stays_without() -> None:
    data = with_segments(cmyk_jpeg(inks(), "CMYK"))
    picture = read(data)
    assert mean_square(picture.samples, inks()) < 6
    written = encode(picture, None)
    assert metadata_segments(written) == []
    assert mean_square(read(written).samples, inks()) < 6


def test_cmyk_of_another_format_becomes_cmyk_as_adobe_has_it(icc: bytes, exif_bytes: bytes) -> None:
    metadata = Metadata(icc=icc, exif=exif_bytes, resolution=Resolution(300, 200, "inch"))
    written = encode(Picture(inks(), False, "tiff", metadata), None)
    again = read(written)
    assert adobe_flag(written) == 0
    assert mean_square(again.samples, inks()) < 6
    assert (again.metadata.icc, again.metadata.exif) == (icc, exif_bytes)
    assert again.metadata.resolution == metadata.resolution
    assert len(encode(again, 20)) < len(encode(again, 80)) < len(encode(again, 100))


def test_a_progressive_cmyk_stays_progressive() -> None:
    stream = BytesIO()
    image = Image.frombytes("CMYK", (61, 45), inks().tobytes())
    image.save(stream, "jpeg", quality=90, progressive=True)
    data = stream.getvalue()
    assert frame_and_tables(encode(read(data), None)) == frame_and_tables(data)


@pytest.mark.parametrize("subsampling", ["440", "411"])
@pytest.mark.parametrize("quality", [None, 80])
def test_a_subsampling_that_pillow_cannot_write_is_kept(
    subsampling: str, quality: int | None
) -> None:
    data = imagecodecs.jpeg8_encode(photo(), level=90, subsampling=subsampling)
    written = encode(read(data), quality)
    factors, tables = layout(written)
    assert factors == layout(data)[0]
    assert tables == layout(data if quality is None else jpeg(photo(), quality=quality))[1]
    theirs = [imagecodecs.jpeg8_decode(each) for each in (data, written)]
    assert mean_square(*theirs) < 20
    with Image.open(BytesIO(written)) as image:
        np.testing.assert_array_equal(np.asarray(image), theirs[1])


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(("CMYK", "YCCK", "411", "440")))
def test_any_size_is_written_in_any_layout(width: int, height: int, kind: str) -> None:
    if kind.isalpha():
        data = cmyk_jpeg(inks(width, height), kind)
    else:
        samples = np.ascontiguousarray(photo(width=width, height=height))
        data = imagecodecs.jpeg8_encode(samples, level=97, subsampling=kind)
    picture = read(data)
    again = read(encode(picture, None))
    assert again.samples.shape == (height, width, picture.channels)
    assert layout(encode(again, None)) == layout(data)
    assert mean_square(again.samples, picture.samples) < 20


def test_a_changed_packet_takes_the_old_one_s_place(exif_bytes: bytes, xmp: bytes) -> None:
    extended = (APP1, b"http://ns.adobe.com/xmp/extension/\x00" + b"0" * 32 + bytes(8) + b"<more/>")
    segments = (
        (APP1, b"Exif\x00\x00" + exif_bytes),
        (APP1, b"http://ns.adobe.com/xap/1.0/\x00" + xmp),
        extended,
        (COM, b"a comment"),
    )
    picture = read(with_segments(jpeg(photo()), *segments))
    head = b"http://ns.adobe.com/xap/1.0/\x00"
    for new in (b"<new/>", b"x" * (65_533 - len(head))):
        written = metadata_segments(encode(with_xmp(picture, new), None))
        assert written == [segments[0], (APP1, head + new), *segments[2:]]
    too_long = metadata_segments(encode(with_xmp(picture, b"x" * 65_505), None))
    assert too_long == list(segments)
    without = metadata_segments(encode(with_xmp(picture, None), None))
    assert without == [segments[0], *segments[2:]]


def test_a_packet_is_added_behind_exif(exif_bytes: bytes) -> None:
    first, last = (APP1, b"Exif\x00\x00" + exif_bytes), (COM, b"a comment")
    picture = read(with_segments(jpeg(photo()), first, last))
    written = metadata_segments(encode(with_xmp(picture, b"<new/>"), None))
    assert written == [first, (APP1, b"http://ns.adobe.com/xap/1.0/\x00<new/>"), last]
    bare = read(with_segments(jpeg(photo()), last))
    assert metadata_segments(encode(with_xmp(bare, b"<new/>"), None))[-1] == last


def test_a_density_of_photoshop_counts_where_jfif_has_none() -> None:
    resource = b"8BIM\x03\xed\x00\x00\x00\x00\x00\x10"
    resource += b"\x01\x2c\x00\x00\x00\x01\x00\x02\x00\xc8\x00\x00\x00\x01\x00\x02"
    photoshop = (APP13, b"Photoshop 3.0\x00" + resource)
    jfif = (APP0, b"JFIF\x00\x01\x02\x01\x00\x48\x00\x48\x00\x00")
    alone = read(with_segments(jpeg(photo()), photoshop))
    assert alone.metadata.resolution == Resolution(300, 200, "inch")
    both = read(with_segments(jpeg(photo()), jfif, photoshop))
    assert both.metadata.resolution == Resolution(72, 72, "inch")


WHOLE = {
    "cmyk.jpg": cmyk_jpeg(inks(), "CMYK"),
    "ycck.jpg": cmyk_jpeg(inks(), "YCCK"),
    "scans.jpg": encode(read(cmyk_jpeg(inks(), "YCCK")), None),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    whole = WHOLE[name]
    for length in (*range(1, len(whole), len(whole) // 40), len(whole) - 1):
        with pytest.raises(UnreadableImage):
            decode_image(whole[:length], name)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(WHOLE[name])
        for position in random.integers(0, len(damaged), 3):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):  # and nothing else, no warning either
            decode_image(bytes(damaged), name)


def test_where_files_in_memory_are_forbidden_plain_memory_gives_the_same_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples = np.random.default_rng(0).integers(0, 256, (40, 50, 4), dtype=np.uint8)
    pictures = [Picture(samples[:, :, :n], alpha=False, format="jpeg") for n in (1, 3, 4)]
    usual = [encode(each, None) for each in pictures]

    def forbidden(*_: object) -> int:
        raise OSError(errno.EPERM, "forbidden")

    monkeypatch.setattr(os, "memfd_create", forbidden, raising=False)
    assert [encode(each, None) for each in pictures] == usual
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert [encode(each, None) for each in pictures] == usual
