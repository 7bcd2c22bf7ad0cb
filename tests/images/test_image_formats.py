from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgclean.errors import InvalidSetting
from imgclean.images.formats import (
    FORMATS,
    IMAGE_SUFFIXES,
    format_by_name,
    format_of_suffix,
    recognise,
    recognise_bytes,
)


def test_formats_are_looked_up_without_any_image_library() -> None:
    program = (
        "import sys; from pathlib import Path; from imgclean.images import formats, walk;"
        "formats.recognise(Path('x.png'));"
        "heavy = {'numpy', 'torch', 'PIL', 'imageio', 'imagecodecs', 'tifffile'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("name", "format_name"),
    [("a.png", "png"), ("a.b.JPG", "jpeg"), ("x.jpeg", "jpeg"), ("A.TIF", "tiff")],
)
def test_a_suffix_names_a_format_in_any_case(name: str, format_name: str) -> None:
    found = format_of_suffix(Path(name))
    assert found is not None
    assert found.name == format_name


def test_other_suffixes_name_no_format() -> None:
    assert format_of_suffix(Path("notes.txt")) is None
    assert format_of_suffix(Path("png")) is None


def test_a_format_goes_by_its_name_and_its_suffixes() -> None:
    for each in FORMATS:
        assert format_by_name(each.name.upper()) is each
        for suffix in each.suffixes:
            assert format_by_name(suffix) is format_by_name(suffix[1:]) is each


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidSetting, match="jpge") as caught:
        format_by_name("jpge")
    assert caught.value.hint == "did you mean jpeg?"
    with pytest.raises(InvalidSetting) as caught:
        format_by_name("docx")
    assert "png, jpeg, tiff" in caught.value.hint


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (b"GIF89a\x01\x00", "GIF"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "WebP"),
        (b"BM\x8a\x6b\x00\x00\x00\x00\x00\x00\x8a\x00\x00\x00\x7c\x00\x00\x00", "BMP"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51\x00", "JPEG 2000"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\x00\x00\x00\x20ftypavif\x00", "AVIF"),
        (b"\x00\x00\x00\x18ftypheic\x00", "HEIC"),
        (b"\x00\x00\x00\x18ftypcrx \x00", "Canon raw photo (CR3)"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "Canon raw photo (CR2)"),
        (b"8BPS\x00\x01", "Photoshop document"),
        (bytes(128) + b"DICM\x02", "DICOM"),
        (b"P5\n# made by hand\n3 2\n255\n", "PNM"),
        (b"P6 3 2 255\n", "PNM"),
        (b"P7\nWIDTH 3\n", "PNM"),
        (b"Pf\n3 2\n-1.0\n", "PFM"),
    ],
)
def test_unsupported_formats_are_named_by_their_first_bytes(head: bytes, title: str) -> None:
    found = recognise_bytes(head)
    assert found is not None
    assert found.title == title
    assert found.format is None


@pytest.mark.parametrize(
    "head", [b"", b"P", b"Please read me", b"P5 is a font", b"BMW drives", b"\x00" * 600, b"II"]
)
def test_what_is_no_image_is_not_recognised(head: bytes) -> None:
    assert recognise_bytes(head) is None


def test_content_counts_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    found = recognise(path)
    assert found is not None
    assert found.format is format_by_name("png")
    assert recognise(tmp_path / "missing.png") is None
    assert recognise(tmp_path) is None


@pytest.mark.skipif(os.name != "posix", reason="named pipes are POSIX's")
def test_a_pipe_is_passed_by_without_waiting_for_its_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    assert recognise(pipe) is None


def test_image_suffixes_are_in_lower_case_with_a_point() -> None:
    assert {".png", ".jpg", ".tif", ".webp", ".nef", ".gif"} <= IMAGE_SUFFIXES
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in IMAGE_SUFFIXES)
