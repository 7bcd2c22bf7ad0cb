"""docs/formats.md says what becomes of files as it is measured; UPDATE_FORMATS=1 writes it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from imgclean.images.formats import FORMATS, WRITTEN

PATH = Path(__file__).parents[2] / "docs" / "formats.md"
TABLE = r"(<!-- measured: {} -->\n\n)(?P<table>(?:\|.*\n)*)"


@pytest.fixture(scope="module")
def measured(tmp_path_factory, clean_unchanged):
    """The tables, by their names."""
    pytest.importorskip("pillow_heif", reason="pillow-heif makes the files to measure HEIF with")
    from formats_table import tables

    return tables(clean_unchanged, tmp_path_factory.mktemp("formats"))


@pytest.mark.parametrize(
    "name", ["pixels", "metadata", "pixels converted", "metadata converted", "suffixes"]
)
def test_a_table_is_what_is_measured(name, measured):
    text = PATH.read_text(encoding="utf-8")
    table = (measured | {"suffixes": suffixes()})[name] + "\n"
    pattern = re.compile(TABLE.format(name))
    found = pattern.search(text)
    assert found, f"the page has no table {name!r}"
    if os.environ.get("UPDATE_FORMATS"):
        PATH.write_text(pattern.sub(lambda match: match[1] + table, text), encoding="utf-8")
    else:
        assert found["table"] == table, "UPDATE_FORMATS=1 pytest tests/docs/test_formats_page.py"


def test_the_page_has_no_table_that_is_not_measured():
    text = PATH.read_text(encoding="utf-8")
    assert len(re.findall(r"^\| ?---", text, re.M)) == text.count("<!-- measured: ")


def test_every_format_that_can_be_written_is_named_as_the_option_takes_it():
    text = PATH.read_text(encoding="utf-8")
    assert [each.name for each in WRITTEN if f"`{each.name}`" not in text] == []


def suffixes() -> str:
    """Return the names and the suffixes of the formats, by their table in the program."""
    lines = ["| format | `--format` | suffixes |", "| --- | --- | --- |"]
    for each in FORMATS:
        names = ", ".join(f"`{suffix}`" for suffix in each.suffixes)
        written = f"is written as `{each.substitute}`" if each.substitute else f"`{each.name}`"
        lines.append(f"| {each.title} | {written} | {names} |")
    return "\n".join(lines)
