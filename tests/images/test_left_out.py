"""What of a file is not written is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from imgclean.images.picture import Metadata, Picture
from imgclean.images.write import write_image
from imgclean.inference.image_rules import ImageRules

SAMPLES = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)


def source(folder, **said):
    path = folder / "a.tif"
    write_image(Picture(SAMPLES, alpha=False, format="tiff", metadata=Metadata(**said)), path)
    return path


def warnings(events):
    return [each.message for each in events if each.event == "warning"]


def test_metadata_without_a_place_are_left_out_with_a_word(
    tmp_path, clean_unchanged, icc, exif_bytes, xmp
):
    path = source(tmp_path, icc=icc, exif=exif_bytes, xmp=xmp)
    for suffix, lost in ((".bmp", "EXIF, XMP left out"), (".ppm", "its colour profile, EXIF, XMP")):
        (warning,) = warnings(clean_unchanged(path, output=tmp_path / f"b{suffix}"))
        assert lost in warning
    for suffix in (".png", ".jpg", ".webp", ".jp2"):
        assert warnings(clean_unchanged(path, output=tmp_path / f"b{suffix}")) == []


def test_who_strips_metadata_is_not_told_of_it(tmp_path, clean_unchanged, exif_bytes):
    path = source(tmp_path, exif=exif_bytes)
    images = ImageRules(strip_metadata=True)
    assert warnings(clean_unchanged(path, output=tmp_path / "b.bmp", images=images)) == []


def test_an_xmp_packet_that_a_jpeg_has_no_room_for_is_named(tmp_path, clean_unchanged, xmp):
    large = xmp.replace(b"</x:xmpmeta>", b"<!--" + b"x" * 70_000 + b"--></x:xmpmeta>")
    path = source(tmp_path, xmp=large)
    (warning,) = warnings(clean_unchanged(path, output=tmp_path / "b.jpg"))
    assert "XMP left out, for want of a place in JPEG" in warning
    assert warnings(clean_unchanged(path, output=tmp_path / "b.png")) == []


@pytest.mark.parametrize("packet", [b"\xfe\xff no XML", b"<x:xmpmeta"])
def test_a_packet_that_takes_no_note_is_kept_and_that_is_said(tmp_path, clean_unchanged, packet):
    path = source(tmp_path, xmp=packet)
    events = clean_unchanged(path, output=tmp_path / "b.tif", images=ImageRules())
    (warning,) = warnings(events)
    assert "the note on what cleaned it is left out" in warning
    unnoted = dataclasses.replace(ImageRules(), provenance=False)
    assert warnings(clean_unchanged(path, output=tmp_path / "c.tif", images=unnoted)) == []
    assert (tmp_path / "b.tif").read_bytes() == (tmp_path / "c.tif").read_bytes()
