from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgclean.errors import UnreadableImage
from imgclean.images.tiff.directory import read_directory, read_header, write_directory
from imgclean.images.tiff.tags import EXIF_IFD, VALUE_BYTES, Layout, Tag, reordered

LAYOUTS = [Layout(order, big=big) for order in ("<", ">") for big in (False, True)]


@st.composite
def tags(draw: st.DrawFn, depth: int = 2) -> tuple[Tag, ...]:
    codes = draw(st.sets(st.integers(256, 33_000), max_size=6))
    made = []
    for code in sorted(codes):
        kind = draw(st.sampled_from(sorted(VALUE_BYTES)))
        size = VALUE_BYTES[kind]
        made.append(Tag(code, kind, draw(st.binary(min_size=1, max_size=5)) * size))
    if depth and draw(st.booleans()):
        made.append(Tag(EXIF_IFD, 4, b"", draw(tags(depth - 1))))
    return tuple(made)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@given(written=tags(), following=st.integers(0, 2**32 - 1))
def test_a_directory_is_read_as_it_was_written(
    layout: Layout, written: tuple[Tag, ...], following: int
) -> None:
    start = 16
    data = bytes(start) + write_directory(written, layout, start, next=following)
    found = read_directory(data, start, layout)
    assert _without_pointer_types(found.tags) == _without_pointer_types(written)
    assert found.next == following


class PieceByPiece:
    """A file's content that can only be sliced."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, part: slice) -> bytes:
        return self._data[part]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@given(written=tags())
def test_a_file_need_not_be_in_memory(layout: Layout, written: tuple[Tag, ...]) -> None:
    magic = (43 if layout.big else 42).to_bytes(2, "little" if layout.order == "<" else "big")
    head = (b"II" if layout.order == "<" else b"MM") + magic
    head += (b"\x00\x08\x00\x00" if layout.order == ">" else b"\x08\x00\x00\x00") * layout.big
    data = head + layout.offset.pack(16) + bytes(16 - len(head) - layout.offset.size)
    data += write_directory(written, layout, 16)
    slices = PieceByPiece(data)
    assert read_header(slices) == read_header(data) == (layout, 16)
    assert read_directory(slices, 16, layout) == read_directory(data, 16, layout)


@given(tags())
def test_byte_order_is_turned_there_and_back(written: tuple[Tag, ...]) -> None:
    small, big = Layout("<", big=True), Layout(">", big=True)
    assert reordered(reordered(written, small, big), big, small) == written


def test_numbers_are_turned_and_bytes_are_not() -> None:
    little, big = Layout("<"), Layout(">")
    given_tags = (
        Tag(282, 5, struct.pack("<II", 300, 7)),
        Tag(259, 3, struct.pack("<H", 8)),
        Tag(37500, 7, b"maker note"),
    )
    turned = reordered(given_tags, little, big)
    assert turned[0].value == struct.pack(">II", 300, 7)
    assert turned[0].numbers(big) == (300, 7)
    assert turned[1].value == struct.pack(">H", 8)
    assert turned[2] == given_tags[2]


def test_numbers_of_64_bits_are_left_out_of_a_classic_file() -> None:
    wide = Tag(700, 16, bytes(8))
    assert reordered((wide,), Layout("<", big=True), Layout("<")) == ()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_a_value_or_directory_outside_the_file_is_an_error(layout: Layout) -> None:
    data = bytes(16) + write_directory([Tag(270, 2, b"a long description")], layout, 16)
    for length in (16, 17, 25, len(data) - 1):
        with pytest.raises(UnreadableImage, match=r"outside|beyond"):
            read_directory(data[:length], 16, layout)
    with pytest.raises(UnreadableImage, match="outside"):
        read_directory(data, 0, layout)


def test_directories_that_point_to_each_other_end() -> None:
    layout = Layout("<")
    entry = layout.entry.pack(EXIF_IFD, 4, 1) + layout.offset.pack(8)
    data = bytes(8) + layout.count.pack(1) + entry + layout.offset.pack(8)
    found = read_directory(data, 8, layout)
    deepest = 0
    level = found.tags
    while level and level[0].directory is not None:
        level, deepest = level[0].directory, deepest + 1
    assert deepest < 10


@pytest.mark.parametrize(
    "data", [b"", b"II", b"XX*\x00\x08\x00\x00\x00", b"II\x00*\x08\x00\x00\x00"]
)
def test_what_has_no_tiff_header_is_an_error(data: bytes) -> None:
    with pytest.raises(UnreadableImage, match="no TIFF header"):
        read_header(data)


def _without_pointer_types(found: tuple[Tag, ...]) -> list[tuple[object, ...]]:
    return [
        (tag.code, tag.value, _without_pointer_types(tag.directory))
        if tag.directory is not None
        else (tag.code, tag.type, tag.value)
        for tag in found
    ]
