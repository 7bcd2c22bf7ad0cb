"""Every format and kind on its way through a run: a model that changes nothing changes nothing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from other_readers import format_of, seen_by_another
from specimens import (
    KINDS,
    Kind,
    everything,
    exif_values,
    file_of,
    palette,
    png_of_few_bits,
    samples_of,
    saved,
)
from tiff_material import smooth_samples, tiff

from imgclean.images.formats import WRITTEN, format_by_name
from imgclean.images.read import read_image

if TYPE_CHECKING:
    from imgclean.images.picture import Metadata

TILES = ("auto", "none", 16, 33)
EXACT = [kind for kind in KINDS if kind.format != "jpeg"]
GRAY = smooth_samples("uint8", (40, 50, 1))
COLOUR = smooth_samples("uint8", (40, 50, 3))
DEEP = smooth_samples("uint16", (40, 50, 1), 65_535)


def compressed(name: str, samples: np.ndarray = COLOUR, **how: Any) -> bytes:
    return tiff(samples, photometric="rgb", compression=name, **how)


ODD_KINDS: dict[str, bytes] = {
    "PNG, 2 bits": png_of_few_bits(2),
    "PNG, 4 bits": png_of_few_bits(4),
    "PNG, palette": palette("png"),
    "PNG, palette of 4 bits": palette("png", 16, bits=4),
    "PNG, clear colour of a palette": palette("png", transparency=3),
    "BMP, palette": palette("bmp"),
    "GIF": palette("gif"),
    "GIF, clear colour": palette("gif", transparency=3),
    "WebP without alpha": saved(COLOUR, "webp", lossless=True),
    "TIFF, palette": palette("tiff"),
    "TIFF, 0 is white": tiff(GRAY.squeeze(2), photometric="miniswhite"),
    "TIFF, 12 bits": tiff(DEEP.squeeze(2) >> 4, bitspersample=12),
    "TIFF, big endian": tiff(DEEP.squeeze(2), byteorder=">"),
    "TIFF, BigTIFF in tiles": compressed("deflate", bigtiff=True, tile=(16, 32)),
    "TIFF, channels apart": compressed(
        "deflate", np.moveaxis(COLOUR, 2, 0).copy(), planarconfig="separate"
    ),
    **{f"TIFF, {name}": compressed(name) for name in ("packbits", "lzw", "lzma", "zstd", "png")},
    "TIFF, deflate, predicted": compressed("deflate", predictor=True),
    "TIFF, floats, predicted": tiff(
        DEEP.squeeze(2).astype(np.float32), compression="deflate", predictor=True
    ),
    "TIFF, lossless WebP": compressed("webp", compressionargs={"lossless": True}),
    "TIFF, lossless JPEG 2000": compressed("jpeg2000", compressionargs={"reversible": True}),
    "TIFF, lossless JPEG XL": compressed("jpegxl", compressionargs={"lossless": True}),
}


def said(metadata: Metadata) -> dict[str, Any]:
    """Return what a file says in general, with EXIF as another library reads it."""
    general = dataclasses.asdict(dataclasses.replace(metadata, own=None))
    return general | {"exif": exif_values(metadata.exif)}


def all_said(kind: Kind) -> Metadata:
    metadata = everything(kind.space)
    if kind.format == "jpegxl" and kind.space == "gray":  # it has no profiles but sRGB
        return dataclasses.replace(metadata, icc=None)
    return metadata


@pytest.fixture(scope="module")
def runs(tmp_path_factory, clean_unchanged):
    """The folder of noisy files of every kind, and those of the clean ones by tile size."""
    top = tmp_path_factory.mktemp("every")
    noisy = top / "noisy"
    noisy.mkdir()
    for kind in EXACT:
        (noisy / f"{kind}.x").write_bytes(file_of(kind, samples_of(kind), all_said(kind)))
    for name, data in ODD_KINDS.items():
        (noisy / f"{name}.x").write_bytes(data)
    for tile in TILES:
        events = clean_unchanged(noisy, output=top / str(tile), tile=tile)
        failed = [each.message for each in events if each.event == "failed"]
        assert failed == []
    return top


@pytest.mark.parametrize("kind", EXACT, ids=str)
def test_pixels_and_metadata_of_every_kind_come_back_equal(kind, runs):
    source = runs / "noisy" / f"{kind}.x"
    before = read_image(source)
    for tile in TILES:
        path = runs / str(tile) / source.name
        after = read_image(path)
        np.testing.assert_array_equal(after.samples, samples_of(kind), strict=True)
        np.testing.assert_array_equal(
            seen_by_another(path.read_bytes()), seen_by_another(source.read_bytes())
        )
        assert (after.format, after.space, after.alpha) == (kind.format, kind.space, kind.alpha)
        assert after.alpha_kind == before.alpha_kind
        assert after.highest == (None if kind.bits is None else (1 << kind.bits) - 1)
        assert said(after.metadata) == said(before.metadata)


@pytest.mark.parametrize("name", ODD_KINDS)
def test_pixels_are_equal_however_a_file_holds_them(name, runs):
    source = (runs / "noisy" / f"{name}.x").read_bytes()
    for tile in TILES:
        path = next((runs / str(tile)).glob(f"{name}.*"))
        np.testing.assert_array_equal(seen_by_another(path.read_bytes()), seen_by_another(source))
        assert format_of(path.read_bytes()) == format_of(source).replace("gif", "png")


def test_what_a_format_has_a_place_for_is_in_the_files_that_were_compared(runs):
    """Else that test would pass on files that say nothing."""
    full = {"icc", "exif", "xmp", "iptc", "resolution"}
    places = {
        **dict.fromkeys(("png", "tiff", "jpeg2000"), full),
        **dict.fromkeys(("webp", "avif"), full - {"iptc", "resolution"}),
        "jpegxl": {"exif", "xmp"},
        "bmp": {"icc", "resolution"},
    }
    for kind in EXACT:
        metadata = said(read_image(runs / "noisy" / f"{kind}.x").metadata)
        found = {name for name, value in metadata.items() if value}
        assert found == places.get(kind.format, set())


@st.composite
def files(draw: st.DrawFn) -> tuple[Kind, np.ndarray, bytes]:
    """Draw a file of any kind and size; TIFF with any layout."""
    name = draw(st.sampled_from([each.name for each in WRITTEN if each.name != "jpeg"]))
    kind = draw(st.sampled_from([kind for kind in EXACT if kind.format == name]))
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    samples = samples_of(kind, height, width, draw(st.integers(0, 9)))
    if kind.format != "tiff":
        return kind, samples, file_of(kind, samples)
    planar = samples.shape[2] > 1 and draw(st.booleans())
    compression = draw(st.sampled_from([None, "packbits", "lzw", "deflate", "zstd", "lzma"]))
    photometric = {"gray": "minisblack", "rgb": "rgb", "cmyk": "separated"}[kind.space]
    how: dict[str, Any] = {
        "photometric": photometric,
        "compression": compression,
        "byteorder": draw(st.sampled_from("<>")),
        "extrasamples": ["unassalpha"] if kind.alpha else None,
        "tile": draw(st.sampled_from([None, (16, 32)])),
    }
    if samples.shape[2] > 1:
        how["planarconfig"] = "separate" if planar else "contig"
    stored = np.moveaxis(samples, 2, 0).copy() if planar else samples
    return kind, samples, tiff(stored if samples.shape[2] > 1 else samples.squeeze(2), **how)


@given(files(), st.sampled_from(TILES))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_of_any_size_comes_back_equal(tmp_path_factory, clean_unchanged, drawn, tile):
    kind, samples, data = drawn
    folder = tmp_path_factory.mktemp("any")
    source = folder / f"in{format_by_name(kind.format).suffixes[0]}"
    source.write_bytes(data)
    events = clean_unchanged(source, output=folder / source.name.replace("in", "out"), tile=tile)
    (event,) = [each for each in events if each.event in ("done", "failed")]
    assert event.event == "done", event.message
    after = read_image(folder / source.name.replace("in", "out"))
    np.testing.assert_array_equal(after.samples, samples, strict=True)
    assert (after.space, after.alpha) == (kind.space, kind.alpha)
    if kind.format == "tiff":
        with tifffile.TiffFile(source) as old, tifffile.TiffFile(event.output) as new:
            for name in ("compression", "planarconfig", "chunks", "extrasamples"):
                assert getattr(new.pages[0], name) == getattr(old.pages[0], name)
            assert new.byteorder == old.byteorder
