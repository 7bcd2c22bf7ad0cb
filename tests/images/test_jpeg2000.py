from __future__ import annotations

import dataclasses
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
from boxed_material import (
    box,
    picture_of,
    pictures,
    require_cuts_to_be_unreadable,
    require_damage_to_be_read_or_refused,
    samples_of,
    smooth,
)
from hypothesis import given
from PIL import Image

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.jpeg2000.codec import encode
from imgclean.images.limits import ReadRules
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.read import decode_image

if TYPE_CHECKING:
    from collections.abc import Iterable

XMP_UUID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
IPTC_UUID = bytes.fromhex("33C7A4D2B81D4723A0BAF1A3E097AD38")
EXIF_UUID = b"JpgTiffExif->JP2"
SRGB, GRAY = struct.pack(">BBBI", 1, 0, 0, 16), struct.pack(">BBBI", 1, 0, 0, 17)
FORMS = (("uint8", None), ("uint16", None), ("uint8", 5), ("uint16", 10), ("uint16", 12))


def read(data: bytes, rules: ReadRules = ReadRules()) -> Picture:  # noqa: B008 - frozen
    return decode_image(data, "photo.jp2", rules)


def codestream(samples: np.ndarray, **settings: Any) -> bytes:
    flat = samples[:, :, 0] if samples.shape[2] == 1 else samples
    settings = {"reversible": True, "codecformat": "J2K", **settings}
    return bytes(imagecodecs.jpeg2k_encode(np.ascontiguousarray(flat), **settings))


def jp2(
    samples: np.ndarray,
    colour: bytes = SRGB,
    *,
    inner: Iterable[bytes] = (),
    before: Iterable[bytes] = (),
    after: Iterable[bytes] = (),
    brand: bytes = b"jp2 ",
    **settings: Any,
) -> bytes:
    """Return a JP2 file made by hand."""
    height, width, channels = samples.shape
    bits = settings.get("bitspersample", samples.dtype.itemsize * 8)
    size = box(b"ihdr", struct.pack(">IIHBBBB", height, width, channels, bits - 1, 7, 0, 0))
    return b"".join(
        (
            box(b"jP  ", b"\r\n\x87\n"),
            box(b"ftyp", brand, bytes(4), b"jp2 "),
            box(b"jp2h", size, box(b"colr", colour), *inner),
            *before,
            box(b"jp2c", codestream(samples, **settings)),
            *after,
        )
    )


def is_reversible(data: bytes) -> bool:
    at = data.index(b"\xff\x52")
    return data[at + 13] == 1


@given(pictures(FORMS))
def test_pixels_alpha_and_bit_depth_come_back_equal(picture: Picture) -> None:
    again = read(encode(picture, None))
    np.testing.assert_array_equal(again.samples, picture.samples, strict=True)
    assert (again.alpha, again.alpha_kind) == (picture.alpha, "straight")
    assert (again.format, again.highest) == ("jpeg2000", picture.highest)


def test_what_a_picture_of_another_format_says_comes_back(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    said = Metadata(
        icc=icc,
        exif=exif_bytes,
        xmp=xmp,
        iptc=b"\x1c\x02\x05\x00\x01x",
        resolution=Resolution(300, 150.5, "inch"),
    )
    again = read(encode(picture_of(samples_of(5, 4, 3), said), None)).metadata
    assert (again.icc, again.exif, again.xmp, again.iptc) == (icc, exif_bytes, xmp, said.iptc)
    assert again.resolution is not None
    assert again.resolution.per("inch") == pytest.approx((300, 150.5), rel=1e-7)


def test_every_box_on_the_image_is_kept_byte_for_byte(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    density = struct.pack(">HHHHbb", 3000, 1, 2500, 1, 0, 0)
    inner = (box(b"res ", box(b"resc", density)), box(b"ownx", b"\x00inside"))
    before = (box(b"uuid", EXIF_UUID, exif_bytes), box(b"xml ", b"<gml/>"))
    after = (
        box(b"uuid", XMP_UUID, xmp),
        box(b"uuid", IPTC_UUID, b"\x1c\x02"),
        box(b"uuid", bytes(16), b"?"),
    )
    profile = b"\x02\x00\x00" + icc
    data = jp2(samples_of(6, 5, 3), profile, inner=inner, before=before, after=after)
    picture = read(data)
    assert (picture.metadata.icc, picture.metadata.exif) == (icc, exif_bytes)
    assert (picture.metadata.xmp, picture.metadata.iptc) == (xmp, b"\x1c\x02")
    assert picture.metadata.resolution == Resolution(2500, 3000, "metre")
    again = encode(picture, None)
    for each in (box(b"colr", profile), *inner, *before, *after):
        assert again.count(each) == 1
    positions = [again.index(each) for each in (*inner, *before, box(b"colr", profile)[:8])]
    assert max(positions) < again.index(b"jp2c") < again.index(after[0])


def test_the_packet_in_the_metadata_takes_the_place_of_the_files_own(xmp: bytes) -> None:
    data = jp2(samples_of(4, 4, 3), after=(box(b"uuid", XMP_UUID, xmp),))
    picture = read(data)
    changed = dataclasses.replace(picture.metadata, xmp=b"<new/>")
    again = encode(dataclasses.replace(picture, metadata=changed), None)
    assert read(again).metadata.xmp == b"<new/>"
    assert again.count(XMP_UUID) == 1


def test_stripped_metadata_leave_colours_alpha_and_loss(icc: bytes, xmp: bytes) -> None:
    straight = struct.pack(">H12H", 4, *(0, 0, 1), *(1, 0, 2), *(2, 0, 3), *(3, 1, 0))
    data = jp2(
        samples_of(9, 9, 4),
        b"\x02\x00\x00" + icc,
        inner=(box(b"cdef", straight),),
        after=(box(b"uuid", XMP_UUID, xmp), box(b"xml ", b"<secret/>")),
    )
    picture = read(data)
    bare = dataclasses.replace(picture, metadata=picture.metadata.stripped())
    again = encode(bare, None)
    assert b"secret" not in again
    assert read(again).metadata.xmp is None
    assert (read(again).metadata.icc, read(again).alpha_kind) == (icc, "straight")
    np.testing.assert_array_equal(read(again).samples, picture.samples)


def test_a_bare_codestream_stays_one_with_its_comments() -> None:
    comment = b"\xff\x64\x00\x09\x00\x01hello"
    plain = codestream(samples_of(8, 7, 3))
    at = plain.index(b"\xff\x64")
    data = plain[:at] + comment + plain[at:]
    picture = read(data)
    again = encode(picture, None)
    assert again.startswith(b"\xff\x4f\xff\x51")
    assert again.count(comment) == 1
    assert again.count(b"OpenJPEG") == plain.count(b"OpenJPEG")
    np.testing.assert_array_equal(read(again).samples, picture.samples)


def test_a_lossy_file_stays_lossy_and_quality_makes_one_of_any() -> None:
    lossy = jp2(smooth(), reversible=False, level=40)
    assert not is_reversible(encode(read(lossy), None))
    plain = jp2(smooth())
    assert is_reversible(encode(read(plain), None))
    noisy = picture_of(samples_of(64, 64, 3))
    sizes = [len(encode(noisy, quality)) for quality in (20, 60, 95)]
    assert sizes == sorted(set(sizes))
    assert not is_reversible(encode(noisy, 95))
    assert is_reversible(encode(noisy, None))


@pytest.mark.parametrize(("dtype", "bits"), [("uint8", 8), ("uint16", 12), ("uint16", 16)])
def test_quality_90_means_45_decibel_at_any_depth(dtype: str, bits: int) -> None:
    top = (1 << bits) - 1
    random = np.random.default_rng(0).normal(0, 0.03, (64, 96, 3))
    samples = (np.clip(smooth(3, "float64", 1) + random, 0, 1) * top).astype(dtype)
    again = read(encode(picture_of(samples, highest=top if bits == 12 else None), 90))
    error = np.mean((again.samples.astype(float) - samples) ** 2)
    assert 43 < 10 * np.log10(top**2 / error) < 47


def test_alpha_is_what_the_file_says_of_it() -> None:
    samples = samples_of(5, 5, 2)
    definition = struct.pack(">H6H", 2, *(0, 0, 1), *(1, 2, 0))
    multiplied = read(jp2(samples, GRAY, inner=(box(b"cdef", definition),)))
    assert (multiplied.alpha, multiplied.alpha_kind) == (True, "premultiplied")
    assert box(b"cdef", definition) in encode(multiplied, None)
    silent = read(jp2(samples, GRAY))
    assert (silent.alpha, silent.alpha_kind) == (True, "unknown")
    assert b"cdef" not in encode(silent, None)


def test_files_of_pillow_are_read_and_ours_by_it() -> None:
    for mode, channels in (("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)):
        samples = samples_of(33, 21, channels)
        stream = BytesIO()
        Image.fromarray(samples.squeeze(axis=2) if channels == 1 else samples, mode).save(
            stream, "jpeg2000", num_resolutions=3, tile_size=(16, 16)
        )
        picture = read(stream.getvalue())
        np.testing.assert_array_equal(picture.samples, samples)
        assert picture.alpha_kind == "straight"
        with Image.open(BytesIO(encode(picture, None))) as image:
            assert image.mode == mode
            np.testing.assert_array_equal(np.asarray(image).reshape(samples.shape), samples)


def test_a_real_file_is_read_and_kept() -> None:
    path = Path("../shared/data/robust/pil_16bit.cropped.jp2")
    if not path.exists():
        pytest.skip("no shared data here")
    picture = read(path.read_bytes())
    assert (picture.samples.shape, picture.dtype.name) == ((64, 64, 1), "uint16")
    np.testing.assert_array_equal(read(encode(picture, None)).samples, picture.samples)


WHOLE = {
    "8-bit": encode(picture_of(smooth()), None),
    "lossy with alpha": encode(picture_of(smooth(4)), 80),
    "12-bit": encode(picture_of(samples_of(20, 20, 1, "uint16", 12), highest=4095), None),
    "codestream": codestream(smooth()),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_anywhere_is_unreadable(name: str) -> None:
    require_cuts_to_be_unreadable(WHOLE[name])


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_damage_is_read_or_refused_and_nothing_else(name: str) -> None:
    require_damage_to_be_read_or_refused(WHOLE[name])


def test_a_damaged_file_prints_nothing(tmp_path: Path) -> None:
    damaged = bytearray(WHOLE["8-bit"])
    damaged[-200:-100] = bytes(100)
    path = tmp_path / "damaged.jp2"
    path.write_bytes(damaged)
    program = (
        "import sys, contextlib, pathlib; from imgclean.images.read import read_image\n"
        "from imgclean.errors import ImageError\n"
        "with contextlib.suppress(ImageError): read_image(pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=True, capture_output=True
    )
    assert done.stdout + done.stderr == b""


def with_sides(data: bytes, width: int, height: int) -> bytes:
    """Return the codestream with other sides in its header."""
    at = data.index(b"\xff\x51") + 6
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def half_chroma() -> bytes:
    data = bytearray(codestream(samples_of(8, 8, 3)))
    at = data.index(b"\xff\x51") + 40
    data[at + 4], data[at + 7] = 2, 2  # XRsiz of the second and third components
    return bytes(data)


PALETTE = (
    box(b"pclr", struct.pack(">HBBBB", 1, 3, 7, 7, 7), b"abc"),
    box(b"cmap", struct.pack(">HBBHBBHBB", 0, 1, 0, 0, 1, 1, 0, 1, 2)),
)
SMALL = samples_of(8, 8, 3)
UNSUPPORTED = {
    "cmyk": (jp2(samples_of(8, 8, 4), struct.pack(">BBBI", 1, 0, 0, 12)), "CMYK"),
    "sycc": (jp2(SMALL, struct.pack(">BBBI", 1, 0, 0, 18)), "sYCC"),
    "lab": (jp2(SMALL, struct.pack(">BBBI", 1, 0, 0, 14)), "CIELab"),
    "profile": (jp2(SMALL, b"\x02\x00\x00" + bytes(16) + b"CMYK" + bytes(99)), "CMYK colours"),
    "palette": (jp2(samples_of(8, 8, 1), inner=PALETTE), "palette"),
    "order": (
        jp2(SMALL, inner=(box(b"cdef", struct.pack(">H9H", 3, 0, 0, 3, 1, 0, 2, 2, 0, 1)),)),
        "another order",
    ),
    "signed": (codestream(SMALL.astype(np.int16)), "signed"),
    "chroma": (half_chroma(), "sub-sampled"),
    "five": (codestream(samples_of(8, 8, 5), planar=False), "5 channels"),
    "one": (codestream(SMALL[:, :, :1] & 1, bitspersample=1), "1 bit"),
    "wide": (codestream(SMALL[:, :, :1].astype(np.uint32), bitspersample=20), "20 bits"),
    "two": (jp2(SMALL, after=(box(b"jp2c", codestream(SMALL)),)), "2 images"),
    "film": (jp2(SMALL, brand=b"mjp2"), "film"),
    "bomb": (with_sides(codestream(SMALL), 60_000, 60_000), "megapixels"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_sound_files_of_other_kinds_are_unsupported_by_name(name: str) -> None:
    content, reason = UNSUPPORTED[name]
    with pytest.raises(UnsupportedImage, match=reason) as caught:
        read(content)
    assert caught.value.hint


def test_of_two_images_the_first_is_read_if_asked_for() -> None:
    data, _ = UNSUPPORTED["two"]
    np.testing.assert_array_equal(read(data, ReadRules(first_page=True)).samples, SMALL)


def test_boxes_and_codestream_that_differ_on_the_size_are_damage() -> None:
    data = jp2(SMALL)
    at = data.index(b"ihdr") + 4
    with pytest.raises(UnreadableImage, match="differ on the size"):
        read(data[:at] + struct.pack(">II", 9, 9) + data[at + 8 :])
