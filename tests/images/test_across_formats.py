"""From a file that says everything to another format: what it has a place for arrives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from specimens import Kind, everything, exif_values, file_of, profile, samples_of

from imgclean.images.formats import WRITTEN
from imgclean.images.read import read_image

FULL = {"icc", "exif", "xmp", "iptc", "resolution"}
ARRIVES = {
    **dict.fromkeys(("png", "jpeg", "tiff", "jpeg2000"), FULL),
    "webp": {"icc", "exif", "xmp"},
    "avif": {"icc", "exif", "xmp"},
    "jpegxl": {"exif", "xmp"},
    "bmp": {"icc", "resolution"},
    "pnm": set(),
}
DEEP = {"png", "tiff", "jpeg2000", "jpegxl", "pnm"}
"""Formats of 16-bit RGB with alpha."""
SOURCES = ("png", "tiff")
TARGETS = [each.name for each in WRITTEN]


def converted(
    data: bytes, target: str, folder: Any, clean_unchanged: Any, **rules: Any
) -> tuple[Any, Any]:
    """Return the last event on a file that is written as another format, and its path."""
    (folder / "in.x").write_bytes(data)
    (folder / "out").mkdir()
    events = clean_unchanged(folder / "in.x", output=folder / "out", format=target, **rules)
    (event,) = [each for each in events if each.event in ("done", "failed")]
    return event, next((folder / "out").glob("in.*"), None)


@pytest.mark.parametrize("target", ARRIVES)
@pytest.mark.parametrize("source", SOURCES)
def test_metadata_arrive_where_the_format_has_a_place(
    source: str, target: str, tmp_path: Any, clean_unchanged: Any
) -> None:
    kind, said = Kind(source, "rgb", False, "uint8", None), everything()
    data = file_of(kind, samples_of(kind), said)
    event, path = converted(data, target, tmp_path, clean_unchanged)
    assert event.event == "done", event.message
    picture = read_image(path)
    found = picture.metadata
    arrived = {name for name in FULL if getattr(found, name)}
    assert arrived == ARRIVES[target]
    for name in arrived & {"icc", "xmp", "iptc"}:
        assert getattr(found, name) == getattr(said, name)
    if "exif" in arrived:
        assert exif_values(said.exif).items() <= exif_values(found.exif).items()
    if "resolution" in arrived:
        assert found.resolution.per("inch") == pytest.approx((254.5, 254.5), rel=0.003)
    if target != "jpeg":
        np.testing.assert_array_equal(picture.samples, samples_of(kind), strict=True)


@pytest.mark.parametrize("target", ["png", "jpeg", "webp", "tiff", "avif"])
def test_another_program_finds_them_too(target: str, tmp_path: Any, clean_unchanged: Any) -> None:
    kind, said = Kind("tiff", "rgb", False, "uint8", None), everything()
    data = file_of(kind, samples_of(kind), said)
    _, path = converted(data, target, tmp_path, clean_unchanged)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == said.icc
        found = image.getexif()
        assert (found[0x010F], found.get_ifd(0x8769)[0x8827]) == ("Maker", 3200)
        assert found.get_ifd(0x8825)[2] == (52.0, 30.0, 59.5)
        assert image.info.get("xmp", said.xmp) == said.xmp


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_16_bits_and_alpha_arrive_whole_or_the_file_is_refused(
    source: str, target: str, tmp_path: Any, clean_unchanged: Any
) -> None:
    kind = Kind(source, "rgb", True, "uint16", None)
    data = file_of(kind, samples_of(kind), everything())
    event, path = converted(data, target, tmp_path, clean_unchanged)
    if target in DEEP:
        picture = read_image(path)
        np.testing.assert_array_equal(picture.samples, samples_of(kind), strict=True)
        assert (picture.alpha, picture.alpha_kind) == (True, "straight")
    else:
        assert (event.event, event.error, path) == ("failed", "UnwritableImage", None)
        assert "choose png, tiff" in event.message


@pytest.mark.parametrize("target", ["webp", "jpeg2000", "jpegxl", "avif"])
def test_a_quality_makes_a_lossless_source_lossy(
    target: str, tmp_path: Any, clean_unchanged: Any
) -> None:
    kind = Kind("png", "rgb", False, "uint8", None)
    data = file_of(kind, samples_of(kind), everything())
    _, path = converted(data, target, tmp_path, clean_unchanged, quality=50)
    picture = read_image(path)
    assert not np.array_equal(picture.samples, samples_of(kind))
    assert picture.metadata.xmp == everything().xmp


@pytest.mark.parametrize(("target", "alpha"), [("webp", False), ("webp", True), ("bmp", True)])
def test_a_profile_for_gray_does_not_stay_where_gray_becomes_rgb(
    target: str, alpha: bool, tmp_path: Any, clean_unchanged: Any
) -> None:
    kind = Kind("png", "gray", alpha, "uint8", None)
    assert profile("gray")[16:20] == b"GRAY"
    data = file_of(kind, samples_of(kind), everything("gray"))
    _, path = converted(data, target, tmp_path, clean_unchanged)
    picture = read_image(path)
    assert (picture.space, picture.alpha) == ("rgb", alpha)
    assert picture.metadata.icc is None


@pytest.mark.parametrize("target", ["png", "jpeg", "tiff", "jpeg2000", "avif", "bmp"])
def test_a_profile_for_gray_stays_with_gray(
    target: str, tmp_path: Any, clean_unchanged: Any
) -> None:
    kind = Kind("png", "gray", False, "uint8", None)
    data = file_of(kind, samples_of(kind), everything("gray"))
    _, path = converted(data, target, tmp_path, clean_unchanged)
    assert read_image(path).metadata.icc == profile("gray")
