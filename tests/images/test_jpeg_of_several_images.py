from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from imgclean.errors import UnsupportedImage
from imgclean.images.jpeg.codec import decode, encode
from imgclean.images.jpeg.segments import APP1, APP2, read_segments, write_segment
from imgclean.images.limits import READ_ALL, ReadRules

if TYPE_CHECKING:
    from imgclean.images.picture import Picture

PRIMARY, PREVIEW, UNDEFINED, STEREO = 0x030000, 0x010002, 0x000000, 0x020002
GAIN_MAP = (
    APP1,
    b"http://ns.adobe.com/xap/1.0/\x00<a xmlns:h='http://ns.adobe.com/hdr-gain-map/1.0/'/>",
)


def read(data: bytes, rules: ReadRules = READ_ALL) -> Picture:
    return decode(data, rules)


def one_jpeg(shade: int, side: int) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.full((side, side), shade, np.uint8)).save(stream, "jpeg")
    return stream.getvalue()


def several(
    kind: int, *before: tuple[int, bytes], order: str = ">", further: tuple[bytes, ...] = ()
) -> bytes:
    """Return a JPEG file with `further` images behind the first, all of one kind."""
    first = one_jpeg(200, 64)
    head = b"".join(write_segment(*each) for each in before)
    count = 1 + len(further)
    directory = (b"MM\x00*" if order == ">" else b"II*\x00") + struct.pack(order + "IH", 8, 2)
    directory += struct.pack(order + "HHI4s", 0xB000, 7, 4, b"0100")
    directory += struct.pack(order + "HHIII", 0xB002, 7, 16 * count, 8 + 2 + 24 + 4, 0)
    base = 2 + len(head) + 4 + 4
    end = len(first) + len(head) + 4 + 4 + len(directory) + 16 * count
    entries, offset = struct.pack(order + "IIII", PRIMARY, end, 0, 0), end - base
    for data in further:
        entries += struct.pack(order + "IIII", kind, len(data), offset, 0)
        offset += len(data)
    segment = write_segment(APP2, b"MPF\x00" + directory + entries)
    return first[:2] + head + segment + first[2:] + b"".join(further)


def images_by_directory(data: bytes, order: str) -> list[bytes]:
    """Return the images in a file as its directory says where they are."""
    segment = next(each for each in read_segments(data) if each.payload.startswith(b"MPF\x00"))
    base = segment.start + 8
    entries = segment.payload[4 + 8 + 2 + 24 + 4 :]
    found = []
    for _, size, offset, _ in struct.iter_unpack(order + "IIII", entries):
        start = base + offset if offset else 0
        found.append(data[start : start + size])
    return found


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "before"), [(PREVIEW, ()), (UNDEFINED, (GAIN_MAP,))])
def test_previews_and_gain_maps_are_kept_and_found_again(
    kind: int, before: tuple[tuple[int, bytes], ...], order: str
) -> None:
    further = (one_jpeg(10, 16), one_jpeg(90, 24))
    data = several(kind, *before, order=order, further=further)
    assert images_by_directory(data, order)[1:] == list(further)
    picture = read(data)
    noise = np.random.default_rng(0).integers(0, 256, picture.samples.shape, dtype=np.uint8)
    written = encode(picture.with_colour(noise), None)
    assert len(written) > len(data)
    primary, *others = images_by_directory(written, order)
    assert others == list(further)
    assert primary + b"".join(others) == written
    twice = encode(read(written), None)
    assert images_by_directory(twice, order)[1:] == list(further)


@pytest.mark.parametrize("kind", [STEREO, UNDEFINED])
def test_further_photos_are_refused_by_name_unless_the_first_is_asked_for(kind: int) -> None:
    data = several(kind, (0xFE, b"a note"), further=(one_jpeg(10, 64),))
    with pytest.raises(UnsupportedImage, match="MPO") as caught:
        read(data)
    assert "--pages first" in caught.value.hint
    picture = read(data, ReadRules(first_page=True))
    assert picture.samples.mean() == pytest.approx(200, abs=1)
    written = encode(picture, None)
    assert written.endswith(b"\xff\xd9")
    segments = list(read_segments(written))
    assert segments[-1].end == len(written)
    assert not any(each.payload.startswith(b"MPF\x00") for each in segments)
    assert (0xFE, b"a note") in [(each.marker, each.payload) for each in segments]
    with Image.open(BytesIO(written)) as image:
        assert getattr(image, "n_frames", 1) == 1


def test_asking_for_the_first_photo_does_not_cost_a_gain_map() -> None:
    gain_map = one_jpeg(90, 24)
    data = several(UNDEFINED, GAIN_MAP, further=(gain_map,))
    written = encode(read(data, ReadRules(first_page=True)), None)
    assert images_by_directory(written, ">")[1:] == [gain_map]


def test_a_damaged_directory_does_not_hide_the_first_image() -> None:
    first = one_jpeg(77, 16)
    data = first[:2] + write_segment(APP2, b"MPF\x00MM\x00*\x00\x00\xff\xff") + first[2:]
    picture = read(data)
    assert picture.samples.mean() == pytest.approx(77, abs=1)
    assert b"MPF\x00MM\x00*\x00\x00\xff\xff" in encode(picture, None)
