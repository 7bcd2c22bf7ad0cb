"""docs/weights.md says what a weight set is."""

from __future__ import annotations

import json

import pytest
from pydantic_core import PydanticUndefined

from imgclean.weightsets.config import (
    CARD_NAME,
    CONFIG_NAME,
    WEIGHTS_NAME,
    Conversion,
    Measurement,
    Provenance,
    WeightSetConfig,
)

PAGE = "docs/weights.md"


@pytest.fixture
def config_section(page):
    """Return the tables of config.json, of its provenance and of its results."""
    return page(PAGE).section("config.json")


def test_every_field_of_the_config_stands_in_the_page_with_its_default(config_section):
    shown = {row[0].strip("`"): row[1].strip("`") for row in config_section.rows() if len(row) == 3}
    fields = WeightSetConfig.model_fields
    assert shown == {
        name: "required" if field.default is PydanticUndefined else json.dumps(field.default)
        for name, field in fields.items()
    }


def test_every_field_below_stands_in_the_page(config_section):
    names = config_section.after("`provenance` of a set that was trained:").names()
    kinds = (Provenance, Conversion, Measurement)
    assert names == [name for kind in kinds for name in kind.model_fields]


def test_the_example_is_a_valid_config_with_every_field(config_section):
    (example,) = config_section.blocks("json")
    WeightSetConfig.model_validate_json(example)
    assert list(json.loads(example)) == list(WeightSetConfig.model_fields)


def test_the_files_of_a_set_are_those_that_are_written(page, small_set):
    layout = page(PAGE).text.partition("```\n")[2].partition("```")[0]
    shown = [line.split()[0] for line in layout.splitlines()[1:]]
    assert shown == [CONFIG_NAME, WEIGHTS_NAME, CARD_NAME]
    assert {path.name for path in small_set.iterdir()} == set(shown)


def test_the_embedded_sets_that_the_page_names_are_installed(page, imgclean):
    (model,) = imgclean("models", "dncnn", "--json").lines
    table = page(PAGE).section("Naming one").names()
    assert table[0] in {each["name"] for each in model["weights"]}
