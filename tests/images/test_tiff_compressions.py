"""Compressions of TIFF that see an image rather than bytes, most of which can lose something."""

from __future__ import annotations

import itertools
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from tiff_material import array_of, page_of, random_samples, read, smooth_samples, tiff

from imgclean.images.tiff.codec import encode

JPEG, JPEG_2000, WEBP, JPEG_XL, PNG = 7, 34712, 50001, 50002, 34933
PHOTOMETRICS = {1: "minisblack", 2: "minisblack", 3: "rgb", 4: "separated"}


def by_libtiff(samples: np.ndarray, mode: str, **settings: Any) -> bytes:
    stream = BytesIO()
    squeezed = samples[:, :, 0] if samples.shape[2] == 1 else samples
    Image.frombytes(mode, squeezed.shape[1::-1], squeezed.tobytes()).save(
        stream, "tiff", **settings
    )
    return stream.getvalue()


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("YCbCr", 3), ("CMYK", 4)])
def test_a_jpeg_by_libtiff_is_read_as_libtiff_reads_it(mode: str, channels: int) -> None:
    source = by_libtiff(
        smooth_samples("uint8", (70, 90, channels)), mode, compression="jpeg", quality=83
    )
    picture = read(source)
    with Image.open(BytesIO(source)) as image:
        expected = np.asarray(image.convert("RGB") if mode == "YCbCr" else image)
    np.testing.assert_array_equal(np.squeeze(picture.samples), expected)
    assert picture.space == {"L": "gray", "CMYK": "cmyk"}.get(mode, "rgb")
    written = encode(picture, None)
    before, after = page_of(source), page_of(written)
    for name in ("compression", "photometric", "rowsperstrip", "samplesperpixel"):
        assert getattr(after, name) == getattr(before, name), name
    assert difference(read(written).samples, picture.samples) < 1.5
    assert 347 not in after.tags


@pytest.mark.parametrize("quality", [1, 20, 50, 75, 90, 95, 100])
def test_a_jpeg_is_written_with_the_quality_that_it_had(quality: int) -> None:
    source = tiff(
        smooth_samples("uint8", (64, 64, 1))[:, :, 0],
        compression=JPEG,
        compressionargs={"level": quality},
    )
    own = read(source).metadata.own
    assert abs(own.loss.quality - quality) <= 1
    assert read(encode(read(source), None)).metadata.own.loss.quality == own.loss.quality


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2), (4, 1)])
@pytest.mark.parametrize("tile", [None, (32, 64)])
def test_a_jpeg_keeps_its_subsampling(
    subsampling: tuple[int, int], tile: tuple[int, int] | None
) -> None:
    samples = smooth_samples("uint8", (61, 83, 3))
    source = tiff(samples, photometric="rgb", compression=JPEG, subsampling=subsampling, tile=tile)
    picture = read(source)
    assert difference(picture.samples, samples) < 4
    written = page_of(encode(picture, None))
    assert (written.photometric, written.subsampling) == (6, subsampling)
    assert written.is_tiled == (tile is not None)
    assert [written.tags[code].count for code in (530, 532)] == [2, 6]


def test_a_jpeg_of_red_green_and_blue_stays_one() -> None:
    source = tiff(
        smooth_samples("uint8", (40, 50, 3)),
        photometric="rgb",
        compression=JPEG,
        compressionargs={"outcolorspace": "rgb"},
        subsampling=(1, 1),
    )
    written = encode(read(source), None)
    assert page_of(written).photometric == 2
    assert difference(read(written).samples, read(source).samples) < 1


def test_a_jpeg_of_12_bits_stays_one() -> None:
    samples = smooth_samples("uint16", (40, 50, 3), 4095)
    source = tiff(samples, photometric="rgb", compression=JPEG, subsampling=(1, 1))
    picture = read(source)
    assert picture.highest == 4095
    written = encode(picture, None)
    assert (page_of(written).compression, page_of(written).bitspersample) == (JPEG, 12)
    assert difference(read(written).samples, samples) < 30


def test_a_jpeg_that_lost_nothing_loses_nothing() -> None:
    samples = random_samples("uint8", (40, 50, 3))
    source = tiff(
        samples,
        photometric="rgb",
        compression=JPEG,
        compressionargs={"outcolorspace": "rgb", "lossless": True},
        subsampling=(1, 1),
    )
    written = encode(read(source), None)
    assert page_of(written).compression == JPEG
    np.testing.assert_array_equal(read(written).samples, samples)


@pytest.mark.parametrize("compression", [JPEG, JPEG_2000, WEBP, JPEG_XL])
def test_a_quality_that_is_asked_for_decides_the_size(compression: int) -> None:
    samples = smooth_samples("uint8", (90, 120, 3))
    noise = random_samples("uint8", samples.shape, highest=20)
    picture = read(tiff(samples + noise // 2, photometric="rgb", compression=compression))
    poor, fine = (encode(picture, quality) for quality in (20, 95))
    assert page_of(poor).compression == compression
    assert len(poor) < len(fine) * 0.8
    assert difference(read(fine).samples, picture.samples) < difference(
        read(poor).samples, picture.samples
    )


LOSSLESS = [
    *itertools.product((JPEG_2000, 33005, PNG), ("uint8", "uint16"), (1, 2, 3, 4)),
    *itertools.product((JPEG_XL,), ("uint8", "uint16", "float32"), (1, 2, 3, 4)),
    *itertools.product((WEBP,), ("uint8",), (3, 4)),
]


@pytest.mark.parametrize(("compression", "dtype", "channels"), LOSSLESS)
def test_what_lost_nothing_loses_nothing(compression: int, dtype: str, channels: int) -> None:
    samples = random_samples(dtype, (40, 50, channels))
    if dtype == "float32":
        samples = (samples + 1) / 3
    settings: dict[str, Any] = {"photometric": PHOTOMETRICS[channels], "compression": compression}
    if compression == WEBP:
        settings |= {"photometric": "rgb", "compressionargs": {"lossless": True}}
    settings |= {} if channels == 1 else {"planarconfig": "contig"}
    for place in ({"tile": (16, 32)}, {"rowsperstrip": 16}):
        source = tiff(samples if channels > 1 else samples[:, :, 0], **settings, **place)
        picture = read(source)
        np.testing.assert_array_equal(picture.samples, samples, strict=True)
        written = encode(picture, None)
        np.testing.assert_array_equal(array_of(written), array_of(source), strict=True)
        for name in ("compression", "photometric", "is_tiled", "rowsperstrip", "extrasamples"):
            assert getattr(page_of(written), name) == getattr(page_of(source), name), name


@pytest.mark.parametrize(
    ("compression", "arguments"),
    [(WEBP, {"lossless": False, "level": 80}), (JPEG_2000, {"level": 40, "reversible": False})],
)
def test_what_lost_something_may_lose_a_little_more(
    compression: int, arguments: dict[str, Any]
) -> None:
    samples = smooth_samples("uint8", (90, 120, 3))
    samples += random_samples("uint8", samples.shape, highest=20) // 2
    source = tiff(samples, photometric="rgb", compression=compression, compressionargs=arguments)
    lossless = tiff(samples, photometric="rgb", compression=compression)
    assert len(source) < len(lossless) * 0.7
    written = encode(read(source), None)
    assert page_of(written).compression == compression
    assert len(written) < len(lossless) * 0.9
    assert difference(read(written).samples, read(source).samples) < 3


@pytest.mark.parametrize("compression", [JPEG_2000, JPEG_XL, PNG])
def test_what_tifffile_cannot_write_big_endian_is_deflated(compression: int) -> None:
    samples = random_samples("uint16", (20, 30))
    little = tiff(samples, compression=compression)
    strip = page_of(little)
    start = strip.dataoffsets[0]
    content = little[start : start + strip.databytecounts[0]]
    stream = BytesIO()
    with tifffile.TiffWriter(stream, byteorder=">") as writer:
        writer.write(
            iter([content]),
            shape=samples.shape,
            dtype="uint16",
            compression=compression,
            photometric="minisblack",
            metadata=None,
        )
    picture = read(stream.getvalue())
    np.testing.assert_array_equal(picture.samples[:, :, 0], samples)
    written = encode(picture, None)
    assert (page_of(written).compression, page_of(written).parent.byteorder) == (8, ">")
    np.testing.assert_array_equal(read(written).samples, picture.samples)
