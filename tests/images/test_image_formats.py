from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from imgclean.errors import InvalidSetting, UnreadableImage, UnsupportedImage
from imgclean.images.formats import (
    FORMATS,
    IMAGE_SUFFIXES,
    WRITTEN,
    format_by_name,
    format_of_suffix,
    recognise,
    recognise_bytes,
)
from imgclean.images.read import decode_image


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
    for each in WRITTEN:
        assert format_by_name(each.name.upper()) is each
        for suffix in each.suffixes:
            assert format_by_name(suffix) is format_by_name(suffix[1:]) is each


def test_a_format_without_an_encoder_is_none_to_write_and_has_a_substitute() -> None:
    for each in set(FORMATS) - set(WRITTEN):
        with pytest.raises(InvalidSetting, match=each.name):
            format_by_name(each.name)
        assert each.substitute in {written.name for written in WRITTEN}


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidSetting, match="jpge") as caught:
        format_by_name("jpge")
    assert caught.value.hint == "did you mean jpeg?"
    with pytest.raises(InvalidSetting) as caught:
        format_by_name("docx")
    assert "png, jpeg, tiff" in caught.value.hint


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"GIF89a\x01\x00", "gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "webp"),
        (b"BM\x8a\x6b\x00\x00\x00\x00\x00\x00\x8a\x00\x00\x00\x7c\x00\x00\x00", "bmp"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jpeg2000"),
        (b"\xff\x4f\xff\x51\x00", "jpeg2000"),
        (b"\xff\x0a\xfa\x1f", "jpegxl"),
        (b"\x00\x00\x00\x20ftypavif\x00", "avif"),
        (b"\x00\x00\x00\x18ftypheic\x00", "heif"),
        (b"P5\n# made by hand\n3 2\n255\n", "pnm"),
        (b"P6 3 2 255\n", "pnm"),
        (b"P7\nWIDTH 3\n", "pnm"),
        (b"Pf\n3 2\n-1.0\n", "pfm"),
        (b"\xff\xd8\xff\xe1", "jpeg"),
        (b"MM\x00*\x00", "tiff"),
    ],
)
def test_formats_are_known_by_their_first_bytes(head: bytes, name: str) -> None:
    found = recognise_bytes(head)
    assert found is not None
    assert found.format is next(each for each in FORMATS if each.name == name)


@pytest.mark.parametrize(
    ("head", "title", "way_out"),
    [
        (b"\x00\x00\x00\x18ftypcrx \x00", "Canon raw photo (CR3)", "darktable"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "Canon raw photo (CR2)", "RawTherapee"),
        (b"FUJIFILMCCD-RAW 0201", "Fujifilm raw photo", "16-bit TIFF"),
        (b"8BPS\x00\x01", "Photoshop document", "one layer"),
        (bytes(128) + b"DICM\x02", "DICOM", "16-bit TIFF"),
        (b"v/1\x01\x02", "OpenEXR", "32-bit floats"),
        (b"SIMPLE  =                    T", "FITS", "32-bit floats"),
        (b"ZISRAWFILE\x00", "Zeiss CZI", "Bio-Formats"),
        (b"qoif\x00", "QOI", "PNG"),
        (b"II\xbc\x01", "JPEG XR", "PNG"),
        (b"\xff\xd8\xff\xf7\x00", "JPEG-LS", "PNG"),
        (b"\x00\x00\x01\x00\x02\x00", "Windows icon", "size you need"),
    ],
)
def test_formats_that_are_not_read_are_named_with_a_way_out(
    head: bytes, title: str, way_out: str
) -> None:
    found = recognise_bytes(head)
    assert found is not None
    assert (found.title, found.format) == (title, None)
    with pytest.raises(UnsupportedImage, match=f"photo: {re.escape(title)} is not") as caught:
        decode_image(head, "photo")
    assert caught.value.hint == found.hint
    assert way_out in found.hint


def test_a_format_without_a_signature_is_known_by_its_suffix() -> None:
    content = bytes(range(2, 99))
    for name, title in (("Old.TGA", "Targa"), ("scan.dcm", "DICOM")):
        with pytest.raises(UnsupportedImage, match=title) as caught:
            decode_image(content, name)
        assert caught.value.hint
    with pytest.raises(UnreadableImage, match="not an image"):
        decode_image(content, "tga.png")


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
