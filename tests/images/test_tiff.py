from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgclean.images.jpeg import encode as encode_jpeg
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.png import encode as encode_png
from imgclean.images.tiff import decode, encode

STRUCTURE = ("photometric", "compression", "predictor", "planarconfig", "extrasamples")


def tiff(samples: np.ndarray, **settings: Any) -> bytes:
    """Return a TIFF file by tifffile; (H, W), (H, W, C), or (C, H, W) if planar."""
    stream = BytesIO()
    tifffile.imwrite(stream, samples, **{"photometric": "minisblack", "metadata": None, **settings})
    return stream.getvalue()


def page_of(data: bytes) -> tifffile.TiffPage:
    with tifffile.TiffFile(BytesIO(data)) as file:
        return file.pages.first


def random_samples(dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    if dtype == "float32":
        return (random.random(shape, np.float32) * 3 - 1).astype(np.float32)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@given(st.data())
def test_pixels_come_back_equal(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4))))
    dtype = data.draw(st.sampled_from(("uint8", "uint16", "float32")))
    samples = random_samples(dtype, shape, data.draw(st.integers(0, 99)))
    picture = Picture(samples, alpha=shape[2] in (2, 4), format="png")
    again = decode(encode(picture, None))
    np.testing.assert_array_equal(again.samples, samples, strict=True)
    assert (again.alpha, again.alpha_kind) == (picture.alpha, "straight")


@given(st.data())
def test_a_file_keeps_its_pixels_and_how_they_are_stored(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(("uint8", "uint16", "float32")))
    compression = data.draw(st.sampled_from((None, "lzw", "zlib", "zstd", "packbits", "lzma")))
    channels = data.draw(st.integers(1, 4))
    planar = channels > 1 and data.draw(st.booleans())
    settings: dict[str, Any] = {
        "photometric": "rgb" if channels > 2 else "minisblack",
        "compression": compression,
        "predictor": bool(compression) and compression != "packbits" and data.draw(st.booleans()),
        "byteorder": data.draw(st.sampled_from("<>")),
        "bigtiff": data.draw(st.booleans()),
    }
    settings |= data.draw(st.sampled_from(({}, {"tile": (16, 32)}, {"rowsperstrip": 3})))
    if channels > 1:
        settings["planarconfig"] = "separate" if planar else "contig"
    if channels in (2, 4):
        settings["extrasamples"] = [data.draw(st.sampled_from((0, 1, 2)))]
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    samples = random_samples(dtype, (height, width, channels))
    stored = np.moveaxis(samples, 2, 0) if planar else samples
    source = tiff(stored if channels > 1 else samples[:, :, 0], **settings)
    picture = decode(source)
    np.testing.assert_array_equal(picture.samples, samples, strict=True)
    written = encode(picture, None)
    np.testing.assert_array_equal(decode(written).samples, samples, strict=True)
    before, after = page_of(source), page_of(written)
    for name in (*STRUCTURE, "is_tiled", "tilewidth", "rowsperstrip", "dtype", "samplesperpixel"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.parent.byteorder == before.parent.byteorder
    assert after.parent.is_bigtiff == before.parent.is_bigtiff
    assert set(after.tags.keys()) <= set(before.tags.keys())


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gray_with_white_as_0_is_read_as_any_other_and_written_as_it_was(dtype: str) -> None:
    samples = random_samples(dtype, (9, 8, 2))
    source = tiff(
        samples, photometric="miniswhite", planarconfig="contig", extrasamples=["unassalpha"]
    )
    picture = decode(source)
    largest = np.iinfo(dtype).max
    np.testing.assert_array_equal(picture.colour[:, :, 0], largest - samples[:, :, 0])
    np.testing.assert_array_equal(picture.samples[:, :, 1], samples[:, :, 1])
    written = encode(picture, None)
    assert page_of(written).photometric == 0
    np.testing.assert_array_equal(page_of_array(written), samples)


def page_of_array(data: bytes) -> np.ndarray:
    return tifffile.imread(BytesIO(data))


def test_every_other_tag_is_kept_byte_for_byte() -> None:
    extra = [
        (270, 2, 0, "a caf\u00e9".encode(), True),
        (271, 2, 0, b"Maker", True),
        (274, 3, 1, 6, True),
        (700, 1, 9, b"<x:xmp/> ", True),
        (33723, 7, 12, b"\x1c\x02\x05\x00\x04city....", True),
        (34377, 7, 8, b"8BIM\x04\x04..", True),
        (34735, 3, 4, (1, 1, 0, 0), True),
        (33550, 12, 3, (0.5, 0.25, 0.0), True),
        (65000, 5, 2, (1, 3, 2, 7), True),
        (65001, 10, 1, (-1, 3), True),
    ]
    for order in "<>":
        source = tiff(
            random_samples("uint16", (20, 30)),
            byteorder=order,
            resolution=(300, 150),
            resolutionunit="inch",
            iccprofile=b"profile",
            extratags=extra,
            compression="lzw",
            software="scanner",
        )
        picture = decode(source)
        written = encode(picture, None)
        before, after = page_of(source).tags, page_of(written).tags
        for tag in before:
            if tag.name not in ("StripOffsets", "StripByteCounts"):
                assert after[tag.code].value == tag.value, tag.name
                assert after[tag.code].dtype == tag.dtype
        assert len(before) == len(after)
        assert picture.metadata.icc == b"profile"
        assert picture.metadata.xmp == b"<x:xmp/> "
        assert picture.metadata.resolution == Resolution(300, 150, "inch")


def test_a_file_that_states_no_resolution_gets_none() -> None:
    source = encode(Picture(random_samples("uint8", (4, 4, 1)), False, "png"), None)
    assert 282 not in page_of(source).tags
    assert 282 not in page_of(encode(decode(source), None)).tags
    assert decode(source).metadata.resolution is None


@pytest.mark.parametrize("big", [False, True])
def test_exif_and_gps_directories_are_kept(exif: Image.Exif, big: bool) -> None:
    stream = BytesIO()
    Image.new("RGB", (20, 10)).save(stream, "tiff", exif=exif.tobytes(), big_tiff=big)
    source = stream.getvalue()
    written = encode(decode(source), None)
    for code in (0x8769, 0x8825):
        with Image.open(BytesIO(source)) as before, Image.open(BytesIO(written)) as after:
            assert before.getexif()[0x0112] == after.getexif()[0x0112] == 6
            kept = dict(after.getexif().get_ifd(code))
            assert kept == dict(before.getexif().get_ifd(code))
            assert len(kept) >= 3


def test_exif_of_a_jpeg_or_png_becomes_tags_and_goes_back(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    metadata = Metadata(icc=icc, exif=exif_bytes, xmp=xmp, resolution=Resolution(72, 36, "inch"))
    picture = Picture(random_samples("uint8", (8, 9, 3)), False, "jpeg", metadata)
    as_tiff = decode(encode(picture, None))
    assert (as_tiff.metadata.icc, as_tiff.metadata.xmp) == (icc, xmp)
    assert as_tiff.metadata.resolution == Resolution(72, 36, "inch")
    original = Image.Exif()
    original.load(exif_bytes)
    for encoded in (encode_png(as_tiff, None), encode_jpeg(as_tiff, None)):
        with Image.open(BytesIO(encoded)) as image:
            found = image.getexif()
            assert (found[0x010F], found[0x0112]) == ("Maker", 6)
            for code in (0x8769, 0x8825):
                assert dict(found.get_ifd(code)) == dict(original.get_ifd(code))


def test_damaged_exif_does_not_stop_a_conversion() -> None:
    metadata = Metadata(exif=b"MM\x00*\x00\x00\xff\xff")
    picture = Picture(random_samples("uint8", (8, 9, 1)), False, "jpeg", metadata)
    assert decode(encode(picture, None)).metadata.exif is None


def test_a_density_in_metres_becomes_one_in_inches() -> None:
    metadata = Metadata(resolution=Resolution(11811, 11811, "metre"))
    picture = Picture(random_samples("uint8", (8, 9, 1)), False, "png", metadata)
    found = decode(encode(picture, None)).metadata.resolution
    assert found is not None
    assert found.unit == "inch"
    assert (found.x, found.y) == pytest.approx((300, 300), rel=1e-4)


@pytest.mark.parametrize(("extra", "kind"), [(0, "unknown"), (1, "premultiplied"), (2, "straight")])
def test_the_kind_of_the_last_channel_is_told(extra: int, kind: str) -> None:
    samples = random_samples("uint8", (5, 6, 4))
    picture = decode(tiff(samples, photometric="rgb", extrasamples=[extra]))
    assert picture.alpha
    assert picture.alpha_kind == kind
    clean = picture.with_colour(np.zeros_like(picture.colour))
    again = decode(encode(clean, None))
    np.testing.assert_array_equal(again.samples[:, :, 3], samples[:, :, 3])
    assert again.alpha_kind == kind
    assert not again.colour.any()


def test_previews_behind_the_image_are_left_out() -> None:
    stream = BytesIO()
    samples = random_samples("uint8", (32, 32))
    with tifffile.TiffWriter(stream) as writer:
        writer.write(samples, photometric="minisblack", metadata=None)
        writer.write(samples[::4, ::4], photometric="minisblack", metadata=None, subfiletype=1)
    picture = decode(stream.getvalue())
    np.testing.assert_array_equal(picture.samples[:, :, 0], samples)
    with tifffile.TiffFile(BytesIO(encode(picture, None))) as file:
        assert len(file.pages) == 1
