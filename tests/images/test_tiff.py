"""How a TIFF file holds its pixels: read as they are, written as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiff_material import array_of, page_of, random_samples, read, tiff

from imgclean.images.picture import Picture
from imgclean.images.tiff.codec import encode

DTYPES = ("uint8", "uint16", "float16", "float32", "float64")
COMPRESSIONS = (None, "lzw", "zlib", 32946, "zstd", "packbits", "lzma")
PREDICTED = ("lzw", "zlib", 32946, "zstd", "lzma")
STRUCTURE = (
    *("photometric", "compression", "predictor", "planarconfig", "extrasamples", "is_tiled"),
    *("tilewidth", "tilelength", "rowsperstrip", "dtype", "samplesperpixel", "imagewidth"),
)

# Colours, and what the samples behind them are: with the space and the alpha that is expected.
KINDS = {
    ("minisblack", 1, ()): ("gray", False),
    ("minisblack", 1, (2,)): ("gray", True),
    ("miniswhite", 1, ()): ("gray", False),
    ("rgb", 3, ()): ("rgb", False),
    ("rgb", 3, (0,)): ("rgb", True),
    ("rgb", 3, (1,)): ("rgb", True),
    ("rgb", 3, (2, 0)): ("separate", True),
    ("rgb", 3, (0, 0)): ("separate", False),
    ("separated", 4, ()): ("cmyk", False),
    ("separated", 4, (2,)): ("cmyk", True),
    ("minisblack", 1, (0, 0)): ("separate", False),
    ("minisblack", 1, (0, 2, 0, 0)): ("separate", True),
}


@given(st.data())
def test_pixels_come_back_equal(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 5))))
    samples = random_samples(
        data.draw(st.sampled_from(DTYPES)), shape, data.draw(st.integers(0, 9))
    )
    alpha = shape[2] in (2, 5) or (shape[2] == 4 and data.draw(st.booleans()))
    separate = shape[2] > 1 and data.draw(st.booleans())
    picture = Picture(samples, alpha, format="png", separate=separate)
    again = read(encode(picture, None))
    np.testing.assert_array_equal(again.samples, samples, strict=True)
    assert (again.alpha, again.alpha_kind, again.highest) == (alpha, "straight", None)
    if shape[2] - alpha > 1:  # of one channel the file cannot say that it is separate
        assert again.space == picture.space


@given(st.data())
def test_a_file_keeps_its_pixels_and_how_they_are_stored(data: st.DataObject) -> None:
    (photometric, colours, extra), (space, alpha) = data.draw(st.sampled_from(list(KINDS.items())))
    dtype = data.draw(st.sampled_from(DTYPES[:2] if photometric == "miniswhite" else DTYPES))
    compression = data.draw(st.sampled_from(COMPRESSIONS))
    channels = colours + len(extra)
    settings: dict[str, Any] = {
        "photometric": photometric,
        "compression": compression,
        "predictor": compression in PREDICTED and data.draw(st.booleans()),
        "byteorder": data.draw(st.sampled_from("<>")),
        "bigtiff": data.draw(st.booleans()),
        "extrasamples": extra or None,
    }
    settings |= data.draw(st.sampled_from(({}, {"tile": (16, 32)}, {"rowsperstrip": 3})))
    planar = channels > 1 and data.draw(st.booleans())
    if channels > 1:
        settings["planarconfig"] = "separate" if planar else "contig"
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    samples = random_samples(dtype, (height, width, channels))
    stored = np.moveaxis(samples, 2, 0) if planar else samples
    source = tiff(stored if channels > 1 else samples[:, :, 0], **settings)
    picture = read(source)
    assert (picture.space, picture.alpha) == (space, alpha)
    assert sorted(picture.samples.sum(axis=(0, 1), dtype=float)) == pytest.approx(
        sorted(expected_samples(samples, photometric).sum(axis=(0, 1), dtype=float))
    )
    if not picture.separate:
        expected = expected_samples(samples, photometric)
        np.testing.assert_array_equal(picture.samples, expected, strict=True)
    written = encode(picture, None)
    np.testing.assert_array_equal(read(written).samples, picture.samples, strict=True)
    np.testing.assert_array_equal(array_of(written), array_of(source), strict=True)
    before, after = page_of(source), page_of(written)
    for name in STRUCTURE:
        assert getattr(after, name) == getattr(before, name), name
    assert after.parent.byteorder == before.parent.byteorder
    assert after.parent.is_bigtiff == before.parent.is_bigtiff
    assert set(after.tags.keys()) == set(before.tags.keys())


def expected_samples(samples: np.ndarray, photometric: str) -> np.ndarray:
    if photometric != "miniswhite":
        return samples
    inverted = samples.copy()
    inverted[:, :, 0] = ~samples[:, :, 0]
    return inverted


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gray_with_white_as_0_is_read_as_any_other_and_written_as_it_was(dtype: str) -> None:
    samples = random_samples(dtype, (9, 8, 2))
    source = tiff(
        samples, photometric="miniswhite", planarconfig="contig", extrasamples=["unassalpha"]
    )
    picture = read(source)
    largest = np.iinfo(dtype).max
    np.testing.assert_array_equal(picture.colour[:, :, 0], largest - samples[:, :, 0])
    np.testing.assert_array_equal(picture.samples[:, :, 1], samples[:, :, 1])
    written = encode(picture, None)
    assert page_of(written).photometric == 0
    np.testing.assert_array_equal(array_of(written), samples)


@pytest.mark.parametrize(("extra", "kind"), [(0, "unknown"), (1, "premultiplied"), (2, "straight")])
def test_the_kind_of_the_last_channel_is_told(extra: int, kind: str) -> None:
    samples = random_samples("uint8", (5, 6, 4))
    picture = read(tiff(samples, photometric="rgb", extrasamples=[extra]))
    assert picture.alpha
    assert picture.alpha_kind == kind
    clean = picture.with_colour(np.zeros_like(picture.colour))
    again = read(encode(clean, None))
    np.testing.assert_array_equal(again.samples[:, :, 3], samples[:, :, 3])
    assert again.alpha_kind == kind
    assert not again.colour.any()
