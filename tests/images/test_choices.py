"""What --range, --pages, --channels and --crop take."""

from __future__ import annotations

import pytest

from imgclean.errors import InvalidSetting, UnsupportedImage
from imgclean.extension.requests import Window
from imgclean.images.page_choice import parse_page_choice
from imgclean.images.range_choice import Bounds, Percentiles, parse_range
from imgclean.inference.image_rules import parse_crop


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("auto", "auto"),
        ("dtype", "dtype"),
        ("0,4095", Bounds(0, 4095)),
        ("-1.5,2e3", Bounds(-1.5, 2000)),
        ("percentile:0.1,99.9", Percentiles(0.1, 99.9)),
    ],
)
def test_a_range_is_read(text, choice):
    assert parse_range(text) == choice


@pytest.mark.parametrize(
    "text", ["", "full", "5", "1,2,3", "9,3", "4,4", "nan,1", "0,inf", "percentile:-1,50", "a,b"]
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(InvalidSetting, match="--range"):
        parse_range(text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("first", (1,)), ("3", (3,)), ("1,3-5", (1, 3, 4, 5)), ("4-5,2,4", (2, 4, 5))],
)
def test_pages_are_read(text, numbers):
    assert parse_page_choice(text, "--pages").numbers == numbers


@pytest.mark.parametrize("text", ["", "0", "3-1", "a", "1,,2", "-3", "1-", "last"])
def test_what_is_no_choice_of_pages_is_refused(text):
    with pytest.raises(InvalidSetting, match="--channels"):
        parse_page_choice(text, "--channels")


def test_a_page_that_is_not_there_is_named():
    choice = parse_page_choice("2,7", "--pages")
    assert choice.indices(7, "page") == (1, 6)
    with pytest.raises(UnsupportedImage, match="no page 7, only 6"):
        choice.indices(6, "page")


def test_a_part_is_read_and_an_empty_or_broken_one_refused():
    assert parse_crop("10, 20,300,4") == Window(10, 20, 300, 4)
    for text in ("1,2,3", "1,2,0,4", "-1,2,3,4", "a,b,c,d"):
        with pytest.raises(InvalidSetting, match="--crop"):
            parse_crop(text)
