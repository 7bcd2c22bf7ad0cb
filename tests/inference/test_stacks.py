"""TIFF stacks on their way through a run: every plane, and all that the file says of them."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgclean.extension.requests import Window
from imgclean.images.page_choice import parse_page_choice
from imgclean.images.range_choice import Bounds
from imgclean.images.read import read_image
from imgclean.images.tiff import plane as tiff_plane
from imgclean.images.tiff import stack as tiff_stack
from imgclean.images.tiff import stack_writer as tiff_stack_writer
from imgclean.images.tiff.directory import read_directory, read_header
from imgclean.inference import stack_run, stack_source
from imgclean.inference.image_rules import ImageRules

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
STORAGE = frozenset((273, 278, 279, 324, 325))  # where the pixels are, and how many rows in a strip


def noise(*shape: int, dtype: Any = np.uint16) -> np.ndarray:
    if np.dtype(dtype).kind == "f":
        return RANDOM.random(shape).astype(dtype)
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def said(path: Path) -> list[dict[int, Any]]:
    """Return the tags of every directory, without those on where the pixels are."""
    data = path.read_bytes()
    header = read_header(data)
    found, offset = [], header.first
    while offset:
        directory = read_directory(data, offset, header.layout)
        found.append({tag.code: tag for tag in directory.tags if tag.code not in STORAGE})
        offset = directory.next
    return found


def done(events: list[Any]) -> Any:
    (event,) = [each for each in events if each.event in ("done", "failed")]
    return event


STACKS: dict[str, dict[str, Any]] = {
    "pages": {"data": noise(5, 40, 50, dtype=np.uint8), "photometric": "minisblack"},
    "colour pages": {"data": noise(3, 40, 50, 3, dtype=np.uint8), "photometric": "rgb"},
    "planar colour": {
        "data": noise(3, 3, 40, 50),
        "photometric": "rgb",
        "planarconfig": "separate",
        "compression": "zlib",
    },
    "pages with alpha": {
        "data": noise(3, 40, 50, 4, dtype=np.uint8),
        "photometric": "rgb",
        "extrasamples": ["unassalpha"],
        "compression": "lzw",
        "predictor": True,
    },
    "ImageJ hyperstack": {
        "data": noise(3, 4, 2, 40, 50),
        "imagej": True,
        "resolution": (3.2, 3.2),
        "metadata": {
            "axes": "TZCYX",
            "unit": "um",
            "spacing": 2.5,
            "Info": "hello",
            "Labels": [f"plane {n}" for n in range(24)],
            "Ranges": (0.0, 100.0, 5.0, 200.0),
            "LUTs": [noise(3, 256, dtype=np.uint8) for _ in range(2)],
        },
    },
    "ImageJ with one directory": {
        "data": noise(6, 40, 50, dtype=np.float32),
        "imagej": True,
        "truncate": True,
    },
    "OME": {
        "data": noise(2, 3, 2, 40, 50),
        "ome": True,
        "metadata": {
            "axes": "TCZYX",
            "Channel": {"Name": ["DAPI", "GFP", "RFP"]},
            "PhysicalSizeX": 0.3,
            "PhysicalSizeXUnit": "µm",
        },
        "compression": "zlib",
    },
    "tiles, big endian, BigTIFF": {
        "data": noise(3, 70, 90),
        "tile": (32, 48),
        "byteorder": ">",
        "bigtiff": True,
        "compression": "zstd",
        "predictor": True,
    },
    "doubles": {"data": noise(2, 3, 4, dtype=np.float64) * 1e9, "compression": "lzma"},
    "half floats": {"data": noise(2, 30, 40, dtype=np.float16), "rowsperstrip": 7},
    "one directory, not ImageJ's": {"data": noise(4, 40, 50), "truncate": True},
}


def write(path: Path, data: np.ndarray, **how: Any) -> Path:
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **how})
    return path


@pytest.mark.parametrize("kind", STACKS)
def test_a_stack_keeps_every_plane_and_every_tag(kind, tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", **STACKS[kind])
    event = done(clean_unchanged(source, output=tmp_path / "out.tif"))
    assert event.event == "done", event.message
    with (
        tifffile.TiffFile(source) as before,
        tifffile.TiffFile(tmp_path / "out.tif") as after,
    ):
        np.testing.assert_array_equal(after.asarray(), before.asarray())
        assert event.pages == max(len(before.pages), before.series[0].size // before.pages[0].size)
        assert after.series[0].axes == before.series[0].axes
        assert after.ome_metadata == before.ome_metadata
        assert str(after.imagej_metadata) == str(before.imagej_metadata)
        assert (after.byteorder, after.is_bigtiff) == (before.byteorder, before.is_bigtiff)
        assert after.pages[0].compression == before.pages[0].compression
        assert after.pages[0].predictor == before.pages[0].predictor
    assert said(tmp_path / "out.tif") == said(source)


def test_imagej_finds_the_planes_one_after_another(tmp_path, clean_unchanged):
    # ImageJ reads the first directory alone and takes the planes to follow its pixels.
    data = noise(5, 40, 50)
    source = tmp_path / "stack.tif"
    tifffile.imwrite(source, data, imagej=True)
    clean_unchanged(source, output=tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as after:
        start = after.pages[0].dataoffsets[0]
        order = after.byteorder
    raw = (tmp_path / "out.tif").read_bytes()[start : start + data.nbytes]
    np.testing.assert_array_equal(np.frombuffer(raw, f"{order}u2").reshape(data.shape), data)


@pytest.mark.parametrize("kind", ["ImageJ hyperstack", "OME"])
def test_pages_and_channels_are_chosen_and_the_description_follows(kind, tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", **STACKS[kind])
    images = ImageRules(
        provenance=False,
        channels=parse_page_choice("2", "--channels"),
        pages=parse_page_choice("1,3-4", "--pages"),
    )
    assert done(clean_unchanged(source, output=tmp_path / "out.tif", images=images)).pages == 3
    with (
        tifffile.TiffFile(source) as before,
        tifffile.TiffFile(tmp_path / "out.tif") as after,
    ):
        whole = before.asarray()  # (T, Z, C, Y, X) and (T, C, Z, Y, X)
        second = whole[:, :, 1] if kind == "ImageJ hyperstack" else whole[:, 1]
        wanted = second.reshape(-1, 40, 50)[[0, 2, 3]]
        np.testing.assert_array_equal(after.asarray(), wanted)
        assert after.series[0].axes == "ZYX"
        if after.is_ome:
            assert 'Name="GFP"' in after.ome_metadata
            assert 'Name="DAPI"' not in after.ome_metadata
        else:
            metadata = after.imagej_metadata
            assert metadata["Labels"] == ["plane 1", "plane 5", "plane 7"]
            assert tuple(metadata["Ranges"]) == (5.0, 200.0)
            assert metadata["unit"] == "um"
            assert metadata["Info"] == "hello"


@pytest.mark.parametrize("kind", ["ImageJ hyperstack", "OME"])
def test_all_pages_of_one_channel_keep_the_other_axes(kind, tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", **STACKS[kind])
    images = ImageRules(provenance=False, channels=parse_page_choice("1", "--channels"))
    clean_unchanged(source, output=tmp_path / "out.tif", images=images)
    with tifffile.TiffFile(tmp_path / "out.tif") as after:
        assert after.series[0].axes == "TZYX"


def test_a_page_of_a_stack_can_be_written_in_another_format(tmp_path, clean_unchanged):
    data = noise(3, 40, 50)
    source = write(tmp_path / "stack.tif", data)
    images = ImageRules(provenance=False, pages=parse_page_choice("2", "--pages"))
    clean_unchanged(source, output=tmp_path / "out.png", images=images)
    np.testing.assert_array_equal(read_image(tmp_path / "out.png").samples[:, :, 0], data[1])


@pytest.mark.parametrize(
    ("images", "output", "reason"),
    [
        (ImageRules(pages=parse_page_choice("9", "")), "out.tif", "no page 9, only 3"),
        (ImageRules(channels=parse_page_choice("2", "")), "out.tif", "no channel 2, only 1"),
        (ImageRules(crop=Window(0, 0, 99, 9)), "out.tif", "beyond its 50 x 40"),
        (ImageRules(), "out.png", "3 images cannot be written as png"),
    ],
)
def test_what_cannot_be_chosen_fails_by_name(images, output, reason, tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", noise(3, 40, 50))
    event = done(clean_unchanged(source, output=tmp_path / output, images=images))
    assert (event.event, event.error) == ("failed", "UnsupportedImage")
    assert reason in event.message
    assert str(source) in event.message
    assert not (tmp_path / output).exists()


def test_a_part_of_every_plane_is_cut_out(tmp_path, clean_unchanged):
    data = noise(3, 40, 50)
    source = write(tmp_path / "stack.tif", data)
    images = ImageRules(provenance=False, crop=Window(5, 7, 20, 11))
    clean_unchanged(source, output=tmp_path / "out.tif", images=images)
    np.testing.assert_array_equal(
        tifffile.imread(tmp_path / "out.tif", key=range(3)), data[:, 7:18, 5:25]
    )


def test_a_damaged_plane_fails_the_file_by_its_number(tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", noise(3, 40, 50), compression="zlib")
    with tifffile.TiffFile(source) as file:
        at = file.pages[1].dataoffsets[0]
    data = bytearray(source.read_bytes())
    data[at : at + 40] = bytes(40)
    source.write_bytes(data)
    event = done(clean_unchanged(source, output=tmp_path / "out.tif"))
    assert (event.event, event.error) == ("failed", "UnreadableImage")
    assert "page 2" in event.message
    assert list(tmp_path.iterdir()) == [source]


def test_pages_of_different_kinds_are_each_kept(tmp_path, clean_unchanged):
    source = tmp_path / "mixed.tif"
    images = [noise(40, 50), noise(30, 20, 3, dtype=np.uint8), noise(9, 8, dtype=np.float32)]
    with tifffile.TiffWriter(source) as writer:
        for image in images:
            kind = "rgb" if image.ndim == 3 else "minisblack"
            writer.write(image, photometric=kind, metadata=None)
    event = done(clean_unchanged(source, output=tmp_path / "out.tif"))
    assert event.pages == 3
    with tifffile.TiffFile(tmp_path / "out.tif") as after:
        for page, image in zip(after.pages, images, strict=True):
            np.testing.assert_array_equal(page.asarray(), image, strict=True)


def test_a_preview_behind_the_image_is_left_out_with_a_word(tmp_path, clean_unchanged):
    source = tmp_path / "pyramid.tif"
    images = [noise(64, 64), noise(64, 64)]
    with tifffile.TiffWriter(source) as writer:
        for image in images:
            writer.write(image, metadata=None)
            writer.write(image[::2, ::2], subfiletype=1, metadata=None)
    events = clean_unchanged(source, output=tmp_path / "out.tif")
    assert done(events).pages == 2
    (warning,) = [each for each in events if each.event == "warning"]
    assert "smaller copies are left out" in warning.message


@pytest.mark.parametrize("kind", ["pages", "colour pages", "OME"])
def test_provenance_and_stripping_reach_the_first_page(kind, tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", **STACKS[kind])
    clean_unchanged(source, output=tmp_path / "noted.tif", images=ImageRules())
    before, after = said(source), said(tmp_path / "noted.tif")
    assert b"imgclean" in after[0].pop(700).value
    assert after == before
    events = clean_unchanged(tmp_path / "noted.tif", output=tmp_path / "x.tif", images=ImageRules())
    (skipped,) = [each for each in events if each.event == "skipped"]
    assert "--again" in skipped.message
    again = ImageRules(again=True, strip_metadata=True)
    clean_unchanged(tmp_path / "noted.tif", output=tmp_path / "x.tif", images=again)
    for tags in said(tmp_path / "x.tif"):
        assert not tags.keys() & {270, 305, 306, 700, 50838, 50839}


def test_the_range_of_floats_is_that_of_the_whole_stack_for_each_channel(
    tmp_path, clean_unchanged, monkeypatch
):
    seen: list[Any] = []
    original = stack_run.pass_through
    monkeypatch.setattr(
        stack_run,
        "pass_through",
        lambda *a, span, **k: (seen.append(span), original(*a, span=span, **k))[1],
    )
    data = np.zeros((3, 2, 20, 20), np.float32)
    data[:, 0] = np.linspace(0, 100, 1200).reshape(3, 20, 20)
    data[:, 1] = np.linspace(0, 5, 1200).reshape(3, 20, 20)
    source = write(tmp_path / "stack.tif", data, imagej=True, metadata={"axes": "ZCYX"})
    clean_unchanged(source, output=tmp_path / "out.tif")
    assert len(seen) == 6
    assert len(set(seen)) == 2
    assert [round(span.high[0]) for span in seen] == [100, 5] * 3
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), data)


def test_twelve_bits_in_sixteen_are_warned_of_unless_the_range_says_so(tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", noise(3, 40, 50) // 16)
    events = clean_unchanged(source, output=tmp_path / "a.tif")
    (warning,) = [each for each in events if each.event == "warning"]
    assert "--range" in warning.message
    images = ImageRules(provenance=False, range=Bounds(0, 4095))
    events = clean_unchanged(source, output=tmp_path / "b.tif", images=images)
    assert not [each for each in events if each.event == "warning"]
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a stack with the arguments to write it."""
    dtype = draw(st.sampled_from([np.uint8, np.uint16, np.float16, np.float32, np.float64]))
    colours = draw(st.sampled_from([1, 3, 4]))
    planar = colours > 1 and draw(st.booleans())
    pages = draw(st.integers(2, 4))
    height, width = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    shape = (pages, colours, height, width) if planar else (pages, height, width, colours)
    compression = draw(st.sampled_from([None, "zlib", "lzw", "zstd", "lzma", "packbits"]))
    predictable = compression in ("zlib", "lzw", "zstd", "lzma") and width > 1
    how: dict[str, Any] = {
        "data": noise(*(shape if colours > 1 else (pages, height, width)), dtype=dtype),
        "photometric": "rgb" if colours > 1 else "minisblack",
        "compression": compression,
        "predictor": predictable and draw(st.booleans()),
        "byteorder": draw(st.sampled_from("<>")),
        "bigtiff": draw(st.booleans()),
        "metadata": None,
    }
    if colours > 1:
        how["planarconfig"] = "separate" if planar else "contig"
    if colours == 4:
        how["extrasamples"] = ["unassalpha"]
    if draw(st.booleans()):
        how["tile"] = draw(st.sampled_from([(16, 16), (32, 48)]))
    else:
        how["rowsperstrip"] = draw(st.integers(1, 80))
    return how


@given(layouts(), st.sampled_from(["auto", "none", 16, 33]))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_stack_returns_as_it_was(tmp_path_factory, clean_unchanged, how, tile):
    folder = tmp_path_factory.mktemp("any")
    source = folder / "stack.tif"
    tifffile.imwrite(source, **how)
    event = done(clean_unchanged(source, output=folder / "out.tif", tile=tile))
    assert event.event == "done", event.message
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(folder / "out.tif") as after:
        for old, new in itertools.zip_longest(before.pages, after.pages):
            np.testing.assert_array_equal(new.asarray(), old.asarray(), strict=True)
            assert new.chunks == old.chunks
    assert said(folder / "out.tif") == said(source)


@pytest.fixture
def in_pieces():
    """Have every image read and written piece by piece, as if it were too large for memory."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (tiff_stack, tiff_stack_writer, stack_source):
            patched.setattr(module, "LARGEST_AT_ONCE", 0)
        patched.setattr(tiff_plane, "_SMALLEST_CACHE", 0)
        patched.setattr(tiff_plane, "_RAW_BYTES", 1000)
        yield


@given(layouts(), st.sampled_from(["auto", 16, 33]), st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_too_large_for_memory_returns_as_it_was(
    tmp_path_factory, clean_unchanged, in_pieces, how, tile, alone
):
    folder = tmp_path_factory.mktemp("large")
    source = folder / "stack.tif"
    how["data"] = how["data"][:1] if alone else how["data"]
    tifffile.imwrite(source, **how)
    event = done(clean_unchanged(source, output=folder / "out.tif", tile=tile))
    assert event.event == "done", event.message
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(folder / "out.tif") as after:
        for old, new in itertools.zip_longest(before.pages, after.pages):
            samples = old.asarray()
            if how.get("planarconfig") == "separate":
                samples = np.moveaxis(samples, 0, -1)
            np.testing.assert_array_equal(new.asarray(), samples, strict=True)
            assert new.compression == old.compression
            if old.is_tiled:
                assert new.chunks[:2] == old.chunks[-2:] if old.planarconfig == 2 else old.chunks
            assert new.is_tiled or new.compression == 1
        assert (after.is_bigtiff, after.byteorder) == (before.is_bigtiff, before.byteorder)


@pytest.mark.parametrize("kind", ["ImageJ hyperstack", "ImageJ with one directory"])
def test_a_large_imagej_stack_stays_one_that_imagej_reads(
    kind, tmp_path, clean_unchanged, in_pieces
):
    source = write(tmp_path / "stack.tif", **STACKS[kind])
    clean_unchanged(source, output=tmp_path / "out.tif")
    whole = tifffile.imread(source)
    with tifffile.TiffFile(tmp_path / "out.tif") as after:
        np.testing.assert_array_equal(after.asarray(), whole)
        start, order = after.pages[0].dataoffsets[0], after.byteorder
    raw = (tmp_path / "out.tif").read_bytes()[start : start + whole.nbytes]
    flat = np.frombuffer(raw, whole.dtype.newbyteorder(order)).reshape(whole.shape)
    np.testing.assert_array_equal(flat, whole)


def test_a_file_that_shrinks_while_it_is_read_fails_and_leaves_nothing(
    tmp_path, clean_unchanged, in_pieces, monkeypatch
):
    source = write(tmp_path / "stack.tif", noise(3, 200, 300))
    whole = source.read_bytes()
    original = stack_source.StackSource.plane

    def shrinking(self, position):
        if position == 1:
            source.write_bytes(whole[: len(whole) // 2])
        return original(self, position)

    monkeypatch.setattr(stack_source.StackSource, "plane", shrinking)
    event = done(clean_unchanged(source, output=tmp_path / "out.tif"))
    assert (event.event, event.error) == ("failed", "UnreadableImage")
    assert list(tmp_path.iterdir()) == [source]


def test_a_file_that_is_rewritten_while_it_is_read_fails(tmp_path, clean_unchanged, monkeypatch):
    source = write(tmp_path / "stack.tif", noise(3, 20, 30))
    original = stack_source.StackSource.plane

    def touching(self, position):
        os.utime(source, ns=(0, 0))
        return original(self, position)

    monkeypatch.setattr(stack_source.StackSource, "plane", touching)
    event = done(clean_unchanged(source, output=tmp_path / "out.tif"))
    assert event.event == "failed"
    assert "changed while it was read" in event.message
    assert list(tmp_path.iterdir()) == [source]


def test_pages_of_different_sizes_are_no_imagej_stack(tmp_path, clean_unchanged):
    source = tmp_path / "stack.tif"
    with tifffile.TiffWriter(source) as writer:
        for side in (20, 30):
            about = "ImageJ=1.54\nimages=2\nslices=2\n" if side == 20 else None
            writer.write(noise(side, side), description=about, metadata=None)
    event = done(clean_unchanged(source, output=tmp_path / "out.tif"))
    assert (event.event, event.error) == ("failed", "UnreadableImage")
    assert "differ in size" in event.message
    assert list(tmp_path.iterdir()) == [source]


def test_a_page_of_no_pixels_is_damage(tmp_path, clean_unchanged):
    source = write(tmp_path / "stack.tif", noise(2, 20, 30))
    data = bytearray(source.read_bytes())
    with tifffile.TiffFile(source) as file:
        at = file.pages[1].tags["ImageLength"].valueoffset
    data[at : at + 4] = bytes(4)
    source.write_bytes(data)
    event = done(clean_unchanged(source, output=tmp_path / "out.tif"))
    assert (event.event, event.error) == ("failed", "UnreadableImage")
    assert "page 2" in event.message
