"""The reference in docs/plugins.md is that of the contract."""

from __future__ import annotations

import dataclasses
import inspect
import re

import pytest

from imgclean import (
    DenoiseRequest,
    ForeignCheckpoint,
    ModelInfo,
    Published,
    Recognised,
    Tiling,
    TrainJob,
    TrainResult,
)
from imgclean.extension import hookspecs
from imgclean.extension.requests import RunTiles

PAGE = "docs/plugins.md"


def signature(function, *, without=()):
    """Return the names and the defaults of a function's arguments, as the page writes them."""
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in inspect.signature(function).parameters.values()
        if each.name not in without
    ]
    return re.sub(r"\*, ", "", str(inspect.Signature(parameters)))


def test_every_hook_stands_in_the_page_with_its_arguments(page):
    hooks = {name: each for name, each in vars(hookspecs).items() if name.startswith("imgclean_")}
    shown = [name for name in page(PAGE).section("Hooks").names() if name.startswith("imgclean_")]
    assert shown == [name + signature(each) for name, each in hooks.items()]


def test_every_field_of_a_model_stands_in_the_page_with_its_default(page):
    rows = page(PAGE).section("ModelInfo").rows()
    shown = {row[0].strip("`"): row[1].strip("`") for row in rows}
    assert shown == {field.name: default(field) for field in dataclasses.fields(ModelInfo)}


def test_what_decides_where_a_figure_is_shown_stands_in_the_page_with_its_default(page):
    rows = page(PAGE).section("Published figures").rows()
    shown = {row[0].strip("`"): row[1].strip("`") for row in rows}
    fields = [field for field in dataclasses.fields(Published) if field.name in shown]
    assert shown == {field.name: default(field) for field in fields}
    text = page(PAGE).section("Published figures").text
    assert all(f"`{field.name}`" in text for field in dataclasses.fields(Published))


def default(field):
    if field.default_factory is not dataclasses.MISSING:
        return repr(field.default_factory())
    return "required" if field.default is dataclasses.MISSING else repr(field.default)


FIELDS = {
    "Checkpoints": [ForeignCheckpoint, Recognised],
    "Several passes": [DenoiseRequest],
    "Training": [TrainJob, TrainResult],
}


@pytest.mark.parametrize("heading", FIELDS)
def test_every_field_that_a_hook_gets_or_returns_stands_in_the_page(page, heading):
    expected = [field.name for kind in FIELDS[heading] for field in dataclasses.fields(kind)]
    assert page(PAGE).section(heading).names() == expected


def test_the_signatures_in_the_text_are_those_of_the_code(page):
    text = page(PAGE).text
    assert f"`Tiling{signature(Tiling)}`" in text
    assert f"`run_tiles{signature(RunTiles.__call__, without=('self',))}`" in text
