from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from imgclean.images.jpeg import decode, encode
from imgclean.images.jpeg_segments import (
    APP1,
    APP2,
    COM,
    Segment,
    parse_frame,
    read_segments,
    write_segment,
)
from imgclean.images.picture import Metadata, Picture, Resolution

APP0, APP5, APP13, APP14 = 0xE0, 0xE5, 0xED, 0xEE


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


def frame_and_tables(data: bytes) -> tuple[object, list[list[int]]]:
    segments = list(read_segments(data))
    frame = parse_frame(next(each for each in segments if each.marker in (0xC0, 0xC1, 0xC2)))
    with JpegImageFile(BytesIO(data)) as image:
        return frame, [image.quantization[each.table] for each in frame.components]


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_those_that_pillow_decodes(channels: int) -> None:
    data = jpeg(photo(channels), quality=80)
    picture = decode(data)
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
    written = encode(decode(data), None)
    assert frame_and_tables(written) == frame_and_tables(data)


def test_tables_of_each_component_and_of_gray_are_kept() -> None:
    own = [[3 + i] * 64 for i in range(3)]
    colour = jpeg(photo(), qtables=own, subsampling=0)
    gray = jpeg(photo(1), qtables=own[:1])
    assert frame_and_tables(encode(decode(colour), None)) == frame_and_tables(colour)
    assert frame_and_tables(encode(decode(gray), None)) == frame_and_tables(gray)


def test_a_picture_that_was_not_changed_hardly_changes() -> None:
    data = jpeg(photo(), quality=85, subsampling=2)
    picture = decode(data)
    again = decode(encode(picture, None))
    error = np.mean((again.samples.astype(float) - picture.samples) ** 2)
    assert error < 2.0


def test_a_quality_replaces_the_source_s_tables_and_keeps_its_subsampling() -> None:
    data = jpeg(photo(), quality=95, subsampling=1)
    frame, tables = frame_and_tables(encode(decode(data), 30))
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
    picture = decode(data)
    written = encode(picture.with_colour(photo()[::-1].copy()), None)
    found = [(each.marker, each.payload) for each in read_segments(written) if each.is_metadata]
    assert found == list(segments)
    metadata = picture.metadata
    assert (metadata.icc, metadata.exif, metadata.xmp) == (profile, exif_bytes, xmp)
    assert metadata.resolution == Resolution(300, 200, "inch")


def test_orientation_is_kept_and_pixels_are_not_turned(exif_bytes: bytes) -> None:
    data = with_segments(jpeg(photo()), (APP1, b"Exif\x00\x00" + exif_bytes))
    picture = decode(data)
    assert (picture.width, picture.height) == (61, 45)
    with Image.open(BytesIO(encode(picture, None))) as image:
        assert image.size == (61, 45)
        assert image.getexif()[0x0112] == 6


def test_what_follows_the_image_is_kept() -> None:
    film = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256))
    picture = decode(jpeg(photo()) + film)
    assert encode(picture, None).endswith(b"\xff\xd9" + film)


@pytest.mark.parametrize("subsampling", [0, 2])
def test_rgb_without_a_colour_transform_stays_so(subsampling: int) -> None:
    data = jpeg(photo(), quality=95, keep_rgb=True)
    picture = decode(data)
    assert np.abs(picture.samples.astype(int) - photo()).max() < 12
    written = encode(picture, None)
    segments = {each.marker: each for each in read_segments(written)}
    assert segments[APP14].payload[11] == 0
    assert bytes(c.name for c in parse_frame(segments[0xC0]).components) == b"RGB"
    assert np.abs(decode(written).samples.astype(int) - photo()).max() < 12


def test_a_progressive_source_too_fine_for_pillow_s_buffer_is_written() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    base = jpeg(photo(width=400, height=300), quality=100, subsampling=0, progressive=True)
    picture = decode(base).with_colour(noise)
    again = decode(encode(picture, None))
    assert np.abs(again.samples.astype(int) - noise).max() <= 4


def test_general_metadata_are_written_where_no_jpeg_is_followed(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    resolution = Resolution(118.0, 59.0, "centimetre")
    metadata = Metadata(icc=icc * 150, exif=exif_bytes, xmp=xmp, resolution=resolution)
    data = encode(Picture(photo(), False, "png", metadata), None)
    again = decode(data).metadata
    assert (again.icc, again.exif, again.xmp) == (icc * 150, exif_bytes, xmp)
    assert again.resolution == resolution
    with Image.open(BytesIO(data)) as image:
        assert image.getexif()[0x0112] == 6


def test_exif_that_no_segment_holds_is_left_out(xmp: bytes) -> None:
    metadata = Metadata(exif=b"MM\x00*" + bytes(70_000), xmp=xmp)
    again = decode(encode(Picture(photo(), False, "tiff", metadata), None)).metadata
    assert again.exif is None
    assert again.xmp == xmp


def test_only_the_compressed_data_of_a_scan_hide_markers() -> None:
    hidden = write_segment(APP5, b"\xff\xd9\xff\xda\x00\x0c")
    data = jpeg(photo(), restart_marker_blocks=1)
    segments = list(read_segments(data[:2] + hidden + data[2:]))
    assert segments[0] == Segment(APP5, b"\xff\xd9\xff\xda\x00\x0c", 2, 12)
    assert segments[-1].end == len(data) + len(hidden)
    assert sum(each.marker == 0xDA for each in segments) == 1
