from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from imgclean.errors import InvalidSetting, UnwritableImage
from imgclean.images.format import Format
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.read import decode_image, read_image
from imgclean.images.write import encode_image, write_image


def picture(dtype: str = "uint8", channels: int = 3, format_name: str = "png") -> Picture:
    samples = np.random.default_rng(0).random((20, 30, channels))
    largest = 1 if dtype == "float32" else np.iinfo(dtype).max
    return Picture((samples * largest).astype(dtype), channels in (2, 4), format_name)


def test_the_format_is_that_asked_for_then_the_suffix_s_then_the_picture_s(tmp_path: Path) -> None:
    for name, asked, expected in (
        ("a.png", "tiff", "tiff"),
        ("b.TIF", None, "tiff"),
        ("c.jpg", None, "jpeg"),
        ("no-suffix", None, "png"),
        ("d.webp-backup", None, "png"),
    ):
        write_image(picture(), tmp_path / name, format=asked)
        assert read_image(tmp_path / name).format == expected


def test_a_file_that_exists_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_text("old")
    write_image(picture(), target)
    np.testing.assert_array_equal(read_image(target).samples, picture().samples)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("dtype", "channels", "format_name", "reason", "way_out"),
    [
        ("float32", 1, "jpeg", "JPEG cannot hold float32", "tiff, jpegxl or pfm"),
        ("uint16", 3, "jpeg", "JPEG cannot hold uint16", "png, tiff, jpeg2000, jpegxl or pnm"),
        ("float32", 4, "png", "PNG cannot hold float32", "tiff or jpegxl"),
        ("uint16", 4, "avif", "AVIF cannot hold samples up to 65535", "png, tiff, jpeg2000, "),
        ("uint8", 4, "jpeg", "JPEG cannot hold alpha", "png, tiff, webp, "),
        ("uint8", 2, "jpeg", "JPEG cannot hold alpha", "png, tiff, webp, "),
    ],
)
def test_what_a_format_cannot_hold_is_refused_with_a_way_out(
    dtype: str, channels: int, format_name: str, reason: str, way_out: str, tmp_path: Path
) -> None:
    target = tmp_path / "out.any"
    with pytest.raises(UnwritableImage, match=rf"out\.any: {reason}") as caught:
        write_image(picture(dtype, channels), target, format=format_name)
    assert caught.value.hint.startswith(f"choose {way_out}")
    assert caught.value.hint.endswith(" with --format")
    assert not any(tmp_path.iterdir())


def test_colours_that_a_format_does_not_know_are_refused_with_a_way_out() -> None:
    inks = Picture(np.zeros((4, 4, 4), np.uint8), alpha=False, format="tiff")
    with pytest.raises(UnwritableImage, match="PNG cannot hold CMYK images") as caught:
        encode_image(inks, "png")
    assert caught.value.hint == "choose jpeg or tiff with --format"
    bands = Picture(np.zeros((4, 4, 7), np.uint8), alpha=False, format="tiff", separate=True)
    with pytest.raises(UnwritableImage, match="no colours") as caught:
        encode_image(bands, "jpeg")
    assert caught.value.hint == "choose tiff with --format"


@pytest.mark.parametrize(
    ("highest", "dtype", "format_name", "stated"),
    [
        (4095, np.uint16, "png", None),
        (100, np.uint8, "webp", None),
        (1000, np.uint16, "jpeg2000", 1023),
        (4095, np.uint16, "pnm", 4095),
        (4095, np.uint16, "other", 4095),
        (255, np.uint16, "tiff", None),
    ],
)
def test_samples_of_fewer_bits_fill_the_depth_that_the_format_states(
    highest: int,
    dtype: type[np.unsignedinteger[Any]],
    format_name: str,
    stated: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed: list[Picture] = []
    monkeypatch.setattr(Format, "codec", lambda each: Recorder(handed))
    samples = np.linspace(0, highest, 60).round().astype(dtype).reshape(5, 6, 2)
    shallow = Picture(samples, True, "tiff" if format_name == "other" else "x", highest=highest)
    encode_image(shallow, "tiff" if format_name == "other" else format_name)
    (written,) = handed
    top = stated or np.iinfo(dtype).max
    expected = np.floor(samples.astype(float) * top / highest + 0.5).astype(dtype)
    np.testing.assert_array_equal(written.samples, expected, strict=True)
    assert (written.highest, written.alpha) == (stated, True)


class Recorder:
    """A codec that keeps what it is given."""

    def __init__(self, handed: list[Picture]) -> None:
        self.handed = handed

    def encode(self, picture: Picture, quality: int | None) -> bytes:
        self.handed.append(picture)
        return b""


def test_a_side_too_long_for_a_format_is_refused() -> None:
    long = Picture(np.zeros((1, 70_000, 1), np.uint8), alpha=False, format="png")
    with pytest.raises(UnwritableImage, match="70000 pixels"):
        encode_image(long, "jpeg")
    assert decode_image(encode_image(long, "png"), "long.png").width == 70_000


@pytest.mark.parametrize("kind", ["premultiplied", "unknown"])
def test_alpha_that_means_something_else_elsewhere_stays_in_its_format(kind: str) -> None:
    samples = np.full((4, 4, 4), 9, np.uint8)
    other = Picture(samples, alpha=True, format="tiff", alpha_kind=kind)  # type: ignore[arg-type]
    with pytest.raises(UnwritableImage, match=f"{kind} alpha") as caught:
        encode_image(other, "png")
    assert "tiff" in caught.value.hint
    encode_image(other, "tiff")


@pytest.mark.parametrize("density", [1e-9, 1e12])
@pytest.mark.parametrize("format_name", ["png", "jpeg", "tiff"])
def test_an_absurd_resolution_stops_no_conversion(density: float, format_name: str) -> None:
    metadata = Metadata(resolution=Resolution(density, density, "inch"))
    odd = Picture(picture().samples, False, "other", metadata)
    again = decode_image(encode_image(odd, format_name), "odd")
    assert again.width == odd.width


def test_an_unknown_format_or_quality_is_an_invalid_setting(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="gif"):
        write_image(picture(), tmp_path / "a.png", format="gif")
    for quality in (0, 101):
        with pytest.raises(InvalidSetting, match=str(quality)):
            encode_image(picture(), "jpeg", quality)


def test_a_lower_quality_makes_a_smaller_jpeg() -> None:
    sizes = [len(encode_image(picture(), "jpeg", quality)) for quality in (10, 60, 100)]
    assert sizes == sorted(sizes)
    assert len(encode_image(picture(), "jpeg", 95)) == len(encode_image(picture(), "jpeg"))


@pytest.mark.parametrize(
    ("code", "cause", "hint"),
    [
        (errno.ENOSPC, "no space left", "free some space"),
        (errno.EROFS, "read-only", "another output folder"),
        (errno.EACCES, "permission denied", "permissions"),
    ],
)
def test_a_disk_s_refusal_names_file_cause_and_way_out(
    code: int, cause: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, data: bytes) -> int:
        raise OSError(code, "refused")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    target = tmp_path / "a.png"
    with pytest.raises(UnwritableImage, match=cause) as caught:
        write_image(picture(), target)
    assert str(target) in str(caught.value)
    assert hint in caught.value.hint
    assert not any(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnwritableImage, match="no such file") as caught:
        write_image(picture(), tmp_path / "nowhere" / "a.png")
    assert caught.value.hint == "make the output folder first"


def test_a_jpeg_of_other_origin_has_full_chroma(tmp_path: Path) -> None:
    write_image(picture(), tmp_path / "a.jpg")
    with JpegImageFile(tmp_path / "a.jpg") as image:
        assert get_sampling(image) == 0
