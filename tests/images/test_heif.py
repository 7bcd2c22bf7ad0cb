from __future__ import annotations

import importlib
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from boxed_material import (
    require_cuts_to_be_unreadable,
    require_damage_to_be_read_or_refused,
    samples_of,
    smooth,
)
from hypothesis import given
from hypothesis import strategies as st

from imgclean.errors import UnsupportedImage
from imgclean.images import heif
from imgclean.images.avif.writing import write_items
from imgclean.images.boxes.box import Box, first_body, read_boxes, write_boxes
from imgclean.images.boxes.items import Item, read_items
from imgclean.images.boxes.orientation import orientation_in, with_orientation
from imgclean.images.limits import READ_ALL, ReadRules
from imgclean.images.read import decode_image

if TYPE_CHECKING:
    from imgclean.images.picture import Picture

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
LOSSLESS = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}


@pytest.fixture(scope="module")
def writer() -> Any:
    """The package that writes HEIF files too."""
    return pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")


@pytest.fixture(autouse=True)
def _a_reader(request: pytest.FixtureRequest) -> None:
    if "without" not in request.node.name:
        for name in heif._LIBRARIES:
            with suppress(ImportError):
                importlib.import_module(name)
                return
        pytest.skip("neither pi-heif nor pillow-heif is installed")


def read(data: bytes, rules: ReadRules = READ_ALL) -> Picture:
    return decode_image(data, "photo.heic", rules)


def heic(writer: Any, samples: np.ndarray, **settings: Any) -> bytes:
    """Return a HEIC file; 16-bit samples are written as 10 bits."""
    height, width, channels = samples.shape
    mode = MODES[channels]
    if samples.dtype == np.uint16:
        mode = "I;16" if mode == "L" else mode + ";16"
    stream = BytesIO()
    writer.encode(mode, (width, height), samples.tobytes(), stream, **{**LOSSLESS, **settings})
    return stream.getvalue()


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from((1, 3, 4)))
def test_pixels_of_8_bits_are_read_as_they_are(
    writer: Any, height: int, width: int, channels: int
) -> None:
    samples = samples_of(height, width, channels)
    picture = read(heic(writer, samples))
    np.testing.assert_array_equal(picture.samples, samples, strict=True)
    assert (picture.alpha, picture.format, picture.highest) == (channels == 4, "heif", None)
    assert picture.alpha_kind == "straight"


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pixels_of_10_bits_are_read_as_they_are(writer: Any, channels: int) -> None:
    samples = samples_of(21, 34, channels, "uint16")
    picture = read(heic(writer, samples))
    np.testing.assert_array_equal(picture.samples, samples >> 6, strict=True)
    assert picture.highest == 1023


def test_pixels_of_12_bits_are_read_as_they_are(
    writer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer.options, "SAVE_HDR_TO_12_BIT", True)
    samples = samples_of(21, 34, 3, "uint16")
    picture = read(heic(writer, samples))
    np.testing.assert_array_equal(picture.samples, samples >> 4, strict=True)
    assert picture.highest == 4095


def test_profile_exif_and_xmp_are_read(
    writer: Any, icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    upright = with_orientation(exif_bytes, 1)
    stream = BytesIO()
    file = writer.from_bytes("RGB", (96, 64), smooth().tobytes())
    file.info["icc_profile"], file.info["icc_profile_type"] = icc, "prof"
    file.save(stream, quality=80, exif=upright, xmp=xmp)
    metadata = read(stream.getvalue()).metadata
    assert (metadata.icc, metadata.exif, metadata.xmp) == (icc, upright, xmp)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_upright_once(writer: Any, exif_bytes: bytes, orientation: int) -> None:
    block = with_orientation(exif_bytes, orientation)
    samples = samples_of(9, 14, 3)
    picture = read(heic(writer, samples, exif=block))
    assert orientation_in(picture.metadata.exif) == 1
    assert b"Model 7" in (picture.metadata.exif or b"")
    upright = {
        1: samples,
        2: samples[:, ::-1],
        3: samples[::-1, ::-1],
        4: samples[::-1],
        5: samples.transpose(1, 0, 2),
        6: np.rot90(samples, -1),
        7: samples[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(samples),
    }[orientation]
    np.testing.assert_array_equal(picture.samples, upright)


def test_colours_by_number_are_told_to_other_formats(writer: Any) -> None:
    assert read(heic(writer, smooth())).metadata.icc is None
    wide = heic(writer, smooth(), color_primaries=12, transfer_characteristics=13)
    assert read(wide).metadata.icc is not None


def test_of_several_images_none_or_the_primary_one_is_read(writer: Any) -> None:
    stream = BytesIO()
    file = writer.from_bytes("RGB", (96, 64), smooth().tobytes())
    file.add_frombytes("RGB", (96, 64), (255 - smooth()).tobytes())
    file.save(stream, primary_index=1, **LOSSLESS)
    with pytest.raises(UnsupportedImage, match="HEIF of 2 images") as caught:
        read(stream.getvalue())
    assert caught.value.hint
    picture = read(stream.getvalue(), ReadRules(first_page=True))
    np.testing.assert_array_equal(picture.samples, 255 - smooth())


def test_a_thumbnail_is_no_second_image(writer: Any) -> None:
    data = heic(writer, smooth())
    brands = first_body(read_boxes(data), b"ftyp") or b""
    file = read_items(data, read_boxes(data))
    preview = Item(9, file.shown.kind, body=file.shown.body, properties=file.shown.properties)
    preview.references = [(b"thmb", (file.primary,))]
    whole = write_items(brands, file.primary, [*file.items.values(), preview])
    np.testing.assert_array_equal(read(whole).samples, smooth())


def test_other_kinds_are_unsupported_by_name(writer: Any) -> None:
    data = heic(writer, smooth())
    boxes = read_boxes(data)
    film = write_boxes([*boxes, Box(b"moov", b"")])
    at = data.index(b"ispe") + 8
    bomb = data[:at] + b"\x00\x00\x70\x00\x00\x00\x70\x00" + data[at + 8 :]
    still = bytes(imagecodecs.avif_encode(smooth()))
    foreign = still.replace(b"ftypavif", b"ftypmif1").replace(b"avifmif1miaf", b"mif1mif1miaf")
    for content, reason in ((film, "animated"), (bomb, "megapixels"), (foreign, "another kind")):
        with pytest.raises(UnsupportedImage, match=reason) as caught:
            read(content)
        assert caught.value.hint


def test_without_the_package_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heif, "_LIBRARIES", ("no_such_package_of_heif",))
    with pytest.raises(UnsupportedImage, match="not installed") as caught:
        read(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
    assert 'pip install "imgclean[heif]"' in caught.value.hint


def test_a_file_cut_anywhere_is_unreadable(writer: Any) -> None:
    require_cuts_to_be_unreadable(heic(writer, smooth()))
    require_cuts_to_be_unreadable(heic(writer, smooth(4, "uint16", 65535), quality=60))


def test_a_file_with_damage_is_read_or_refused_and_nothing_else(
    writer: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    require_damage_to_be_read_or_refused(heic(writer, smooth()))
    require_damage_to_be_read_or_refused(heic(writer, smooth(4), quality=60))
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""
