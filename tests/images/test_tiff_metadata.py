"""What a TIFF file says besides its pixels: kept, and translated from and to other formats."""

from __future__ import annotations

import dataclasses
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image
from tiff_material import page_of, random_samples, read, tiff

from imgclean.images.jpeg.codec import encode as encode_jpeg
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.png.codec import encode as encode_png
from imgclean.images.tiff.codec import encode


def test_every_other_tag_is_kept_byte_for_byte() -> None:
    extra = [
        (270, 2, 0, "a caf\u00e9".encode(), True),
        (271, 2, 0, b"Maker", True),
        (274, 3, 1, 6, True),
        (700, 1, 9, b"<x:xmp/> ", True),
        (33723, 7, 12, b"\x1c\x02\x05\x00\x04city....", True),
        (34377, 7, 8, b"8BIM\x04\x04..", True),
        (34735, 3, 4, (1, 1, 0, 0), True),
        (33550, 12, 3, (0.5, 0.25, 0.0), True),
        (65000, 5, 2, (1, 3, 2, 7), True),
        (65001, 10, 1, (-1, 3), True),
    ]
    for order in "<>":
        source = tiff(
            random_samples("uint16", (20, 30)),
            byteorder=order,
            resolution=(300, 150),
            resolutionunit="inch",
            iccprofile=b"profile",
            extratags=extra,
            compression="lzw",
            software="scanner",
        )
        picture = read(source)
        written = encode(picture, None)
        before, after = page_of(source).tags, page_of(written).tags
        for tag in before:
            if tag.name not in ("StripOffsets", "StripByteCounts"):
                assert after[tag.code].value == tag.value, tag.name
                assert after[tag.code].dtype == tag.dtype
        assert len(before) == len(after)
        assert picture.metadata.icc == b"profile"
        assert picture.metadata.xmp == b"<x:xmp/> "
        assert picture.metadata.resolution == Resolution(300, 150, "inch")


def test_a_file_that_states_no_resolution_gets_none() -> None:
    source = encode(Picture(random_samples("uint8", (4, 4, 1)), False, "png"), None)
    assert 282 not in page_of(source).tags
    assert 282 not in page_of(encode(read(source), None)).tags
    assert read(source).metadata.resolution is None


@pytest.mark.parametrize("big", [False, True])
def test_exif_and_gps_directories_are_kept(exif: Image.Exif, big: bool) -> None:
    stream = BytesIO()
    Image.new("RGB", (20, 10)).save(stream, "tiff", exif=exif.tobytes(), big_tiff=big)
    source = stream.getvalue()
    written = encode(read(source), None)
    for code in (0x8769, 0x8825):
        with Image.open(BytesIO(source)) as before, Image.open(BytesIO(written)) as after:
            assert before.getexif()[0x0112] == after.getexif()[0x0112] == 6
            kept = dict(after.getexif().get_ifd(code))
            assert kept == dict(before.getexif().get_ifd(code))
            assert len(kept) >= 3


def test_exif_of_a_jpeg_or_png_becomes_tags_and_goes_back(
    exif_bytes: bytes, icc: bytes, xmp: bytes
) -> None:
    metadata = Metadata(icc=icc, exif=exif_bytes, xmp=xmp, resolution=Resolution(72, 36, "inch"))
    picture = Picture(random_samples("uint8", (8, 9, 3)), False, "jpeg", metadata)
    as_tiff = read(encode(picture, None))
    assert (as_tiff.metadata.icc, as_tiff.metadata.xmp) == (icc, xmp)
    assert as_tiff.metadata.resolution == Resolution(72, 36, "inch")
    original = Image.Exif()
    original.load(exif_bytes)
    for encoded in (encode_png(as_tiff, None), encode_jpeg(as_tiff, None)):
        with Image.open(BytesIO(encoded)) as image:
            found = image.getexif()
            assert (found[0x010F], found[0x0112]) == ("Maker", 6)
            for code in (0x8769, 0x8825):
                assert dict(found.get_ifd(code)) == dict(original.get_ifd(code))


def test_damaged_exif_does_not_stop_a_conversion() -> None:
    metadata = Metadata(exif=b"MM\x00*\x00\x00\xff\xff")
    picture = Picture(random_samples("uint8", (8, 9, 1)), False, "jpeg", metadata)
    assert read(encode(picture, None)).metadata.exif is None


def test_a_density_in_metres_becomes_one_in_inches() -> None:
    metadata = Metadata(resolution=Resolution(11811, 11811, "metre"))
    picture = Picture(random_samples("uint8", (8, 9, 1)), False, "png", metadata)
    found = read(encode(picture, None)).metadata.resolution
    assert found is not None
    assert found.unit == "inch"
    assert (found.x, found.y) == pytest.approx((300, 300), rel=1e-4)


def test_previews_behind_the_image_are_left_out() -> None:
    stream = BytesIO()
    samples = random_samples("uint8", (32, 32))
    with tifffile.TiffWriter(stream) as writer:
        writer.write(samples, photometric="minisblack", metadata=None)
        writer.write(samples[::4, ::4], photometric="minisblack", metadata=None, subfiletype=1)
    picture = read(stream.getvalue())
    np.testing.assert_array_equal(picture.samples[:, :, 0], samples)
    with tifffile.TiffFile(BytesIO(encode(picture, None))) as file:
        assert len(file.pages) == 1


OTHER_XMP = b"<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'>cleaned</x:xmpmeta>"
IPTC = b"\x1c\x02\x05\x00\x05title\x1c\x02\x19\x00\x03sea"


def tag_values(data: bytes) -> dict[int, object]:
    return {tag.code: tag.value for tag in page_of(data).tags}


def with_metadata(picture: Picture, **changes: object) -> Picture:
    return dataclasses.replace(picture, metadata=dataclasses.replace(picture.metadata, **changes))


@pytest.mark.parametrize("had", [None, b"<x:xmpmeta/>"])
def test_the_xmp_packet_of_the_metadata_takes_the_place_of_the_files(had: bytes | None) -> None:
    extra = [(270, 2, 0, b"kept", True)]
    extra += [] if had is None else [(700, 7, len(had), had, True)]
    picture = read(tiff(random_samples("uint8", (8, 9)), extratags=extra))
    assert picture.metadata.xmp == had
    same = page_of(encode(picture, None)).tags
    assert (700 in same) == (had is not None)
    assert had is None or (same[700].value, same[700].dtype) == (had, 7)
    changed = encode(with_metadata(picture, xmp=OTHER_XMP), None)
    assert tag_values(changed)[700] == OTHER_XMP
    assert tag_values(changed)[270] == "kept"
    assert read(changed).metadata.xmp == OTHER_XMP
    assert 700 not in tag_values(encode(with_metadata(picture, xmp=None), None))


@pytest.mark.parametrize(("kind", "filled"), [(7, 0), (1, 0), (4, 1)])
def test_iptc_is_read_from_its_tag_and_kept(kind: int, filled: int) -> None:
    value = IPTC + bytes(-len(IPTC) % 4 * filled)
    count = len(value) // (4 if kind == 4 else 1)
    source = tiff(random_samples("uint8", (8, 9)), extratags=[(33723, kind, count, value, True)])
    picture = read(source)
    assert picture.metadata.iptc == IPTC
    assert tag_values(encode(picture, None))[33723] == tag_values(source)[33723]


def test_iptc_is_read_from_photoshops_resources_too() -> None:
    block = b"8BIM\x04\x04\x00\x00" + len(IPTC).to_bytes(4) + IPTC + bytes(len(IPTC) % 2)
    source = tiff(random_samples("uint8", (8, 9)), extratags=[(34377, 7, len(block), block, True)])
    picture = read(source)
    assert picture.metadata.iptc == IPTC
    assert tag_values(encode(picture, None))[34377] == block


def test_what_another_format_says_is_said_by_tags(
    icc: bytes, exif_bytes: bytes, xmp: bytes
) -> None:
    metadata = Metadata(icc=icc, exif=exif_bytes, xmp=xmp, iptc=IPTC)
    picture = Picture(random_samples("uint8", (8, 9, 3)), False, "jpeg", metadata)
    found = read(encode(picture, None)).metadata
    assert (found.icc, found.xmp, found.iptc) == (icc, xmp, IPTC)


def test_a_stripped_file_says_how_it_is_held_and_meant_and_nothing_else(
    icc: bytes, xmp: bytes
) -> None:
    extra = [
        (270, 2, 0, b"a secret", True),
        (271, 2, 0, b"Maker", True),
        (274, 3, 1, 6, True),
        (700, 1, len(xmp), xmp, True),
        (33723, 7, len(IPTC), IPTC, True),
        (65000, 7, 6, b"secret", True),
    ]
    source = tiff(
        random_samples("uint16", (30, 40, 3)),
        photometric="rgb",
        compression="lzw",
        predictor=True,
        tile=(16, 16),
        byteorder=">",
        resolution=(300, 300),
        iccprofile=icc,
        extratags=extra,
    )
    picture = read(source)
    stripped = dataclasses.replace(picture, metadata=picture.metadata.stripped())
    written = encode(stripped, None)
    assert b"secret" not in written
    assert b"Maker" not in written
    before, after = tag_values(source), tag_values(written)
    for code in (256, 257, 258, 259, 262, 274, 277, 284, 317, 322, 323, 34675):
        assert after.pop(code) == before[code], code
    assert set(after) == {324, 325}
    np.testing.assert_array_equal(read(written).samples, picture.samples)


def test_what_the_pixels_of_a_stripped_file_are_is_not_stripped() -> None:
    inks = [(332, 3, 1, 2, True), (333, 2, 0, b"gold\x00silver", True), (334, 3, 1, 4, True)]
    source = tiff(
        random_samples("uint8", (8, 9, 4)),
        photometric="separated",
        planarconfig="contig",
        extratags=inks,
    )
    picture = read(source)
    stripped = dataclasses.replace(picture, metadata=picture.metadata.stripped())
    again = read(encode(stripped, None))
    assert again.space == picture.space == "separate"
    np.testing.assert_array_equal(again.samples, picture.samples)


def test_exif_of_the_other_byte_order_keeps_its_numbers(exif_bytes: bytes) -> None:
    assert exif_bytes[:2] == b"MM"
    source = read(tiff(random_samples("uint8", (8, 9)), byteorder="<")).metadata.own
    metadata = Metadata(exif=exif_bytes, own=source.stripped())
    picture = Picture(random_samples("uint8", (8, 9, 1)), False, "tiff", metadata)
    written = encode(picture, None)
    assert written[:2] == b"II"
    original = Image.Exif()
    original.load(exif_bytes)
    with Image.open(BytesIO(written)) as image:
        found = image.getexif()
        assert found[0x0112] == 6
        for code in (0x8769, 0x8825):
            assert dict(found.get_ifd(code)) == dict(original.get_ifd(code))


def test_another_format_with_other_channels_does_not_disturb_the_tags() -> None:
    extra = [(270, 2, 0, b"kept", True)]
    own = read(
        tiff(
            random_samples("uint8", (8, 9, 4)),
            photometric="rgb",
            extrasamples=[2],
            compression="lzw",
            extratags=extra,
        )
    ).metadata
    gray = Picture(random_samples("uint8", (8, 9, 1)), False, "tiff", own)
    written = encode(gray, None)
    page = page_of(written)
    assert (page.photometric, page.compression, page.tags[270].value) == (1, 5, "kept")
    np.testing.assert_array_equal(read(written).samples, gray.samples)
