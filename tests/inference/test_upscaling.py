"""Images of every format, enlarged: their pixels, their depth, and what they say of their size."""

from __future__ import annotations

import dataclasses
import struct
from fractions import Fraction
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image
from specimens import DENSITY, KINDS, Kind, everything, exif_values, file_of, samples_of
from tiff_material import smooth_samples, tiff

from imgclean.extension.requests import Window
from imgclean.images.formats import format_by_name
from imgclean.images.metadata.enlarged import enlarged_exif, enlarged_packet
from imgclean.images.metadata.iptc import enlarged_resources
from imgclean.images.png.chunks import Chunk, Header
from imgclean.images.png.record import PngRecord
from imgclean.images.rasters import MemorySamples
from imgclean.images.read import read_image
from imgclean.images.tiff.enlarged import enlarged_tags
from imgclean.images.tiff.tags import Layout, Tag
from imgclean.inference.enlargement import EnlargedSamples

EXACT = [kind for kind in KINDS if kind.format != "jpeg"]
DENSE = [kind for kind in KINDS if kind.dtype == "uint8" and kind.space == "rgb" and not kind.alpha]
NO_DENSITY = {"webp", "pnm", "pfm", "gif", "jpegxl", "avif"}


def enlarged(clean_unchanged, path, data: bytes, scale: int, **how):
    path.write_bytes(data)
    target = path.with_name(f"large{path.suffix}")
    events = clean_unchanged(path, output=target, scale=scale, **how)
    assert [each.event for each in events if each.event in ("done", "failed")] == ["done"], events
    return target


@pytest.mark.parametrize("kind", EXACT, ids=str)
def test_every_kind_is_enlarged_bicubically_at_its_own_depth(clean_unchanged, tmp_path, kind):
    samples = samples_of(kind, 12, 17)
    if kind.alpha:  # the right half is visible
        samples[:, 17 // 2 :, -1] = samples.max()
    path = tmp_path / f"a{format_by_name(kind.format).suffixes[0]}"
    target = enlarged(clean_unchanged, path, file_of(kind, samples), 3, tile=16)
    small, large = read_image(path), read_image(target)
    assert large.samples.shape == (36, 51, samples.shape[2])
    assert (large.dtype, large.alpha, large.highest) == (small.dtype, small.alpha, small.highest)
    expected = EnlargedSamples(MemorySamples(small.samples), 3, small.highest)
    if small.alpha:  # colours that alpha hides are filled before they are enlarged
        alpha = expected.read(Window(0, 0, 51, 36))[:, :, -1]
        assert (large.samples[:, :, -1] == alpha).all()
        far = 3 * (17 // 2 + 4)  # from what is hidden, on the left, none of it is reached here
        large = dataclasses.replace(large, samples=large.samples[:, far:])
        whole = expected.read(Window(far, 0, 51 - far, 36))
    else:
        whole = expected.read(Window(0, 0, 51, 36))
    if small.dtype.kind == "u":
        assert np.abs(large.samples.astype(int) - whole).max() <= 1
    else:
        np.testing.assert_allclose(large.samples, whole, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", DENSE, ids=str)
def test_an_enlarged_image_is_as_large_on_paper_and_keeps_what_else_it_says(
    clean_unchanged, tmp_path, kind: Kind
):
    path = tmp_path / f"a{format_by_name(kind.format).suffixes[0]}"
    stated = dataclasses.replace(everything(), exif=exif_of_size())
    target = enlarged(clean_unchanged, path, file_of(kind, samples_of(kind), stated), 2)
    small, large = read_image(path).metadata, read_image(target).metadata
    assert (large.icc, large.iptc, large.xmp) == (small.icc, small.iptc, small.xmp)
    before, after = exif_values(small.exif), exif_values(large.exif)
    assert before.keys() == after.keys()
    changed = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    if "exif" in format_by_name(kind.format).holds:
        assert changed.pop((1, 40962)) == ("50", "100")
        assert changed.pop((1, 40963)) == ("40", "80")
        for tag in (282, 283):
            one, other = map(float, changed.pop((0, tag)))
            assert other == pytest.approx(2 * one)
    assert changed == {}
    if kind.format in NO_DENSITY:
        assert large.resolution is None
        return
    assert small.resolution
    assert large.resolution
    assert large.resolution.per("inch") == pytest.approx(
        tuple(2 * each for each in small.resolution.per("inch")), rel=1e-3
    )


def exif_of_size() -> bytes:
    """Return EXIF with a density, the size of the specimens and a maker note."""
    block = Image.Exif()
    block[0x010F], block[282], block[283], block[296] = "Maker", DENSITY, DENSITY, 2
    photo = block.get_ifd(0x8769)
    photo[40962], photo[40963], photo[0x927C] = 50, 40, bytes(range(256))
    return block.tobytes().removeprefix(b"Exif\x00\x00")


def test_exif_says_the_new_size_and_its_maker_note_stays_where_it_is():
    block = Image.Exif()
    block[282], block[283], block[296] = Fraction(300), Fraction(150), 2
    photo = block.get_ifd(0x8769)
    photo[40962], photo[40963], photo[0x927C] = 4000, 3000, bytes(range(256))
    data = block.tobytes().removeprefix(b"Exif\x00\x00")
    large = enlarged_exif(data, 3)
    assert large is not None
    assert len(large) == len(data)
    assert large.index(bytes(range(256))) == data.index(bytes(range(256)))
    found = exif_values(large)
    assert (found[0, 282], found[0, 283]) == ("900.0", "450.0")
    assert (found[1, 40962], found[1, 40963]) == ("12000", "9000")


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_damaged_exif_is_left_alone(cut):
    block = Image.Exif()
    block[282], block[271] = Fraction(300), "Maker"
    data = block.tobytes().removeprefix(b"Exif\x00\x00")[:cut]
    assert len(enlarged_exif(data, 2) or b"") == len(data)


def test_xmp_says_the_new_size_in_either_form():
    packet = b'<rdf tiff:XResolution="720000/10000" exif:PixelXDimension="640" dc:x="tiff"/>'
    assert enlarged_packet(packet, 2) == (
        b'<rdf tiff:XResolution="1440000/10000" exif:PixelXDimension="1280" dc:x="tiff"/>'
    )
    element = b"<tiff:YResolution>72/1</tiff:YResolution><tiff:ImageWidth>10</tiff:ImageWidth>"
    assert enlarged_packet(element, 4) == (
        b"<tiff:YResolution>288/1</tiff:YResolution><tiff:ImageWidth>40</tiff:ImageWidth>"
    )


def test_photoshops_density_grows_and_other_resources_stay():
    density = (300 << 16).to_bytes(4) + bytes((0, 1, 0, 1))
    block = b"8BIM\x03\xed\x00\x00" + (16).to_bytes(4) + 2 * density + b"8BIM\x04\x04rest"
    large = enlarged_resources(block, 2)
    assert large == block.replace((300 << 16).to_bytes(4), (600 << 16).to_bytes(4))
    assert enlarged_resources(block[:20], 2) == block[:20]


OME = (
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="50" '
    'SizeY="40" SizeZ="3" SizeC="1" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.25" '
    'PhysicalSizeZ="2.0"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels>'
    "</Image></OME>"
)


def test_a_stack_of_a_microscope_is_enlarged_in_the_plane_and_its_pixels_are_smaller(
    clean_unchanged, tmp_path
):
    data = smooth_samples("uint16", (3, 40, 50), 65_535)
    tifffile.imwrite(
        tmp_path / "a.tif", data, description=OME, metadata=None, photometric="minisblack"
    )
    events = clean_unchanged(tmp_path / "a.tif", output=tmp_path / "b.tif", scale=2, tile=16)
    (done,) = [each for each in events if each.event == "done"]
    assert (done.width, done.height, done.pages) == (100, 80, 3)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.series[0].shape == (3, 80, 100)
        said = file.pages.first.description
        assert 'SizeX="100" SizeY="80" SizeZ="3"' in said
        assert 'PhysicalSizeX="0.25" PhysicalSizeY="0.125" PhysicalSizeZ="2.0"' in said
        planes = file.asarray()
    for plane, small in zip(planes, data, strict=True):
        whole = EnlargedSamples(MemorySamples(small[..., None]), 2).read(Window(0, 0, 100, 80))
        assert np.abs(plane.astype(int) - whole[..., 0]).max() <= 1


@pytest.mark.parametrize("how", [{"imagej": True}, {"photometric": "minisblack"}])
def test_a_stack_of_imagej_or_tifffile_is_read_as_a_whole_afterwards(
    clean_unchanged, tmp_path, how
):
    data = smooth_samples("uint8", (4, 40, 50), 255)
    tifffile.imwrite(tmp_path / "a.tif", data, resolution=(3.0, 3.0), **how)
    clean_unchanged(tmp_path / "a.tif", output=tmp_path / "b.tif", scale=3)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.series[0].shape == (4, 120, 150)
        assert bool(file.is_imagej) == bool(how.get("imagej"))
        first = file.pages.first
        assert first.tags[282].value == (9, 1)


@pytest.mark.parametrize(("kind", "shift"), [(1, 0.0), (2, 0.5)], ids=["area", "point"])
def test_a_map_stays_where_it_is(clean_unchanged, tmp_path, kind, shift):
    keys = (1, 1, 0, 1, 1025, 0, 1, kind)
    tags = [
        (33550, 12, 3, (10.0, 10.0, 0.0), True),
        (33922, 12, 6, (0.0, 0.0, 0.0, 5000.0, 7000.0, 0.0), True),
        (34735, 3, 8, keys, True),
    ]
    data = tiff(smooth_samples("uint8", (30, 40, 3)), extratags=tags)
    target = enlarged(clean_unchanged, tmp_path / "a.tif", data, 2)
    with tifffile.TiffFile(target) as file:
        found = file.pages.first.tags
        assert found[33550].value == (5.0, 5.0, 0.0)
        assert found[33922].value == (shift, shift, 0.0, 5000.0, 7000.0, 0.0)


def test_a_place_on_the_map_is_the_same_by_a_transformation_of_either_kind():
    matrix = np.array([[2.0, 0.3, 0, 500], [0.1, -2.0, 0, 700], [0, 0, 1, 0], [0, 0, 0, 1]])
    layout = Layout("<")
    for kind, offset in ((1, 0.0), (2, 1.0)):  # of points, a centre (i) lies at 3 i + 1
        keys = struct.pack("<8H", 1, 1, 0, 1, 1025, 0, 1, kind)
        tags = [Tag(34264, 12, struct.pack("<16d", *matrix.ravel())), Tag(34735, 3, keys)]
        large = enlarged_tags(tags, layout, 3, samples_last=False)[0]
        moved = np.array(struct.unpack("<16d", large.value)).reshape(4, 4)
        for i, j in ((0, 0), (7, 0), (3, 11)):
            place = moved @ (3 * i + offset, 3 * j + offset, 0, 1)
            np.testing.assert_allclose(place, matrix @ (i, j, 0, 1))


def test_what_a_png_says_of_its_pixels_is_of_the_large_ones():
    chunks = [
        Chunk(b"oFFs", struct.pack(">iiB", 10, -4, 0)),
        Chunk(b"oFFs", struct.pack(">iiB", 10, -4, 1)),  # in micrometres
        Chunk(b"sCAL", b"\x010.5\x000.25"),
        Chunk(b"sCAL", b"\x01wide\x000.25"),
        Chunk(b"pHYs", struct.pack(">IIB", 3, 2, 0)),  # an aspect alone
    ]
    record = PngRecord(Header(4, 4, 8, 0, False), tuple(chunks), ())
    moved, same, halves, broken, aspect = record.enlarged(2).before
    assert struct.unpack(">iiB", moved.body) == (20, -8, 0)
    assert (same, broken) == (chunks[1], chunks[3])
    assert halves.body == b"\x010.25\x000.125"
    assert struct.unpack(">IIB", aspect.body) == (6, 4, 0)


def test_an_image_that_memory_cannot_hold_enlarged_fails_alone(
    clean_unchanged, tmp_path, monkeypatch
):
    for name, side in (("small", 20), ("wide", 200)):
        Image.fromarray(noise_image(side, side)).save(tmp_path / f"{name}.png")
    left = SimpleNamespace(available=1_000_000)
    monkeypatch.setattr("psutil.virtual_memory", lambda: left)
    inputs = tmp_path / "small.png", tmp_path / "wide.png"
    events = clean_unchanged(*inputs, output=tmp_path / "out", scale=3)
    (failed,) = [each for each in events if each.event == "failed"]
    assert "wide.png: enlarged to 600 x 600 pixels it takes" in failed.message
    assert [each.input for each in events if each.event == "done"] == [str(inputs[0])]


def test_an_image_that_would_not_fit_is_refused_before_it_is_computed(clean_unchanged, tmp_path):
    stream = BytesIO()
    Image.fromarray(np.zeros((2, 17_000), np.uint8)).save(stream, "jpeg")
    (tmp_path / "a.jpg").write_bytes(stream.getvalue())
    events = clean_unchanged(tmp_path / "a.jpg", output=tmp_path / "b.jpg", scale=4)
    (failed,) = [each for each in events if each.event == "failed"]
    assert "a side of 68000 pixels" in failed.message
    assert not [each for each in events if each.event == "progressed"]


def test_density_of_the_specimens_is_one_that_all_formats_can_say():
    assert everything().resolution.x == DENSITY
