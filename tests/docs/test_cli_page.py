"""docs/cli.md says what the command line is, no more and no less."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import imgclean as package
from imgclean.cli import app, exit_codes
from imgclean.events import (
    Benched,
    DiscriminatorStep,
    Evaluated,
    EvaluatedFold,
    EvaluatedFolds,
    EvaluatedImage,
    EvaluatedRegions,
    FileEvent,
    Summary,
    TrainStep,
    TrialBegun,
    Validated,
)
from imgclean.inference.journal import Entry
from imgclean.training.losses.terms import LossTerm
from imgclean.training.recipe import Recipe
from imgclean.training.schedule import Schedule
from imgclean.training.stages import STAGE_MAY_CHANGE, Stage

PAGE = "docs/cli.md"
PAGES_WITH_COMMANDS = [
    "README.md",
    "docs/models/dncnn.md",
    "plugins/dncnn/README.md",
    *(
        f"docs/{name}.md"
        for name in (
            "architecture",
            "cli",
            "evaluation",
            "formats",
            "performance",
            "plugins",
            "python",
            "training",
            "weights",
        )
    ),
]
VALUES = {bool: "", int: "whole number", float: "number", str: "text", Path: "path"}
GROUP = typer.main.get_command(app)
GROUPS = {name: each for name, each in GROUP.commands.items() if hasattr(each, "commands")}
IN_GROUPS = {
    f"{group} {name}": command
    for group, each in GROUPS.items()
    for name, command in each.commands.items()
}
COMMANDS = {"Command line": GROUP, **GROUP.commands, **IN_GROUPS}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def option_rows(command):
    """Return the table of a command's arguments and options, as its page has it."""
    return [
        (
            ", ".join(f"`{name}`" for name in names_of(each)),
            value_of(command, each),
            default_of(each),
            each.help,
        )
        for each in command.params
    ]


def names_of(parameter):
    """Return an option's names, or what an argument is called."""
    return [parameter.metavar.strip("[]")] if parameter.metavar else all_names(parameter)


def all_names(parameter):
    return parameter.opts + parameter.secondary_opts


def value_of(command, parameter):
    """Return what an option takes, from its annotation and the limits that stand there."""
    kind = get_type_hints(command.callback)[parameter.name]
    while get_origin(kind) in (list, UnionType, Union):
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return ", ".join(get_args(kind))
    if get_origin(kind) is tuple:
        return ", ".join(VALUES[each] for each in get_args(kind))
    annotation = get_type_hints(command.callback, include_extras=True)[parameter.name]
    (limits,) = getattr(annotation, "__metadata__", (typer.models.OptionInfo(),))
    if limits.max is not None:
        return f"{limits.min} to {limits.max}"
    return VALUES[kind] if limits.min is None else f"{limits.min} or more"


def default_of(parameter):
    if parameter.required:
        return "required"
    if isinstance(parameter.default, bool):
        return "on" if parameter.default else ""
    return "" if parameter.default is None else str(parameter.default)


def options_that_exist():
    parameters = [each for command in COMMANDS.values() for each in command.params]
    return {"--help"}.union(*map(all_names, parameters))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_in_the_page_in_the_order_and_wording_of_the_code(page, name):
    rows = option_rows(COMMANDS[name])
    text = page(PAGE).section(name)
    if name == "Command line":
        text = text.before("## denoise")
    if name in GROUPS:
        text = text.before(next(f"### {each}" for each in IN_GROUPS if each.startswith(name)))
    found = [row for row in text.rows() if len(row) == 4]
    assert found == rows, "it should be:\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


@pytest.mark.parametrize("name", list(COMMANDS)[1:])
def test_a_command_is_introduced_in_the_words_of_its_help(page, name):
    summary = COMMANDS[name].help.split("\n\n")[0].replace("\n", " ")
    assert summary in page(PAGE).section(name).text


def test_the_page_has_no_command_that_does_not_exist(page):
    sections = re.findall(r"^## ([a-z]+)$", page(PAGE).text, re.M)
    assert sections == list(GROUP.commands)
    names = "|".join(GROUPS)
    below = re.findall(rf"^### ((?:{names}) [a-z]+)$", page(PAGE).text, re.M)
    assert below == list(IN_GROUPS)


@pytest.mark.parametrize("path", PAGES_WITH_COMMANDS)
def test_a_page_names_no_option_that_does_not_exist(page, path):
    text = page(path).text
    if path != PAGE:
        text = "\n".join(line for line in text.splitlines() if line.startswith("imgclean "))
    assert set(OPTION.findall(text)) <= options_that_exist()


EVENTS = {
    "JSON lines of denoise": (FileEvent, Summary),
    "JSON lines of train": (
        TrainStep,
        DiscriminatorStep,
        Validated,
        TrialBegun,
        EvaluatedFold,
        EvaluatedFolds,
    ),
    "JSON lines of evaluate": (Evaluated, EvaluatedImage, EvaluatedRegions),
    "JSON lines of bench": (Benched,),
}


@pytest.mark.parametrize("heading", EVENTS)
def test_every_field_of_an_event_stands_in_the_page(page, heading):
    expected = []
    for kind in EVENTS[heading]:
        expected += ["event", *(field.name for field in dataclasses.fields(kind))]
    assert page(PAGE).section(heading).names() == expected


def test_every_event_of_a_file_stands_in_the_page(page):
    section = page(PAGE).section("JSON lines of denoise").text
    assert all(f"`{kind.event}`" in section for kind in FileEvent.__subclasses__())


@pytest.mark.parametrize("command", ["models", "plugins", "doctor", "weights list"])
def test_the_fields_of_a_listing_are_those_that_it_prints(page, imgclean, command):
    lines = imgclean(*command.split(), "--json").lines
    names = page(PAGE).section(f"JSON lines of {command}").names()
    assert all(list(line) == names for line in lines)


def test_the_exit_codes_are_those_of_the_code(page):
    rows = page(PAGE).section("Exit codes").rows()
    codes = {value for name, value in vars(exit_codes).items() if name.isupper()}
    assert [int(row[0]) for row in rows] == sorted(codes)


def test_the_environment_variables_are_those_of_the_code(page):
    sources = "\n".join(path.read_text() for path in Path(package.__file__).parent.rglob("*.py"))
    expected = {*re.findall(r'"(IMGCLEAN_[A-Z_]+)"', sources), "NO_COLOR"}
    assert set(page(PAGE).section("Environment variables").names()) == expected


def test_the_keys_of_the_recipe_and_their_defaults_are_those_of_the_code(page):
    text = page("docs/training.md").section("The recipe").before("### Loss")
    shown = {key.strip("`"): default.strip("`") for key, default, _ in text.rows()}
    assert shown == defaults(Recipe)


@pytest.mark.parametrize(("heading", "kinds"), [("Loss", LossTerm), ("Schedules", Schedule)])
def test_every_kind_of_a_loss_and_of_a_schedule_stands_in_the_page(page, heading, kinds):
    """And every field that only this kind has."""
    rows = dict(page("docs/training.md").section(heading).rows())
    found = {kind.model_fields["kind"].annotation: kind for kind in members(kinds)}
    assert [get_args(each)[0] for each in found] == [name.strip("`") for name in rows]
    for annotation, kind in found.items():
        own = kind.model_fields.keys() - {"kind", "weight", "warmup"}
        text = rows[f"`{get_args(annotation)[0]}`"]
        assert all(f"`{name}`" in text or f"`{name} =" in text for name in own), kind


def members(kinds):
    """Return the classes of an annotated union."""
    while get_origin(kinds) is Annotated:
        kinds = get_args(kinds)[0]
    return get_args(kinds)


def test_the_keys_of_a_stage_stand_in_the_page(page):
    section = page("docs/training.md").section("Stages")
    assert section.names() == list(Stage.model_fields)
    assert ", ".join(sorted(STAGE_MAY_CHANGE)) in " ".join(section.text.split())


def defaults(model, prefix="", given=None):
    """Return the keys of a section of the recipe, dotted, with their defaults as the page's."""
    found = {}
    for name, field in model.model_fields.items():
        value = getattr(given, name) if given else field.default
        if isinstance(value, BaseModel):
            found |= defaults(type(value), f"{prefix}{name}.", value)
        elif value is PydanticUndefined:
            found[prefix + name] = "required"
        elif isinstance(value, list) and value:
            found[prefix + name] = ", ".join(each.kind for each in value)
        elif isinstance(value, bool):
            found[prefix + name] = str(value).lower()
        else:
            found[prefix + name] = "" if value in (None, [], {}) else str(value)
    return found


def test_the_fields_of_the_journal_stand_in_the_page(page):
    section = page(PAGE).section("The journal").text
    assert all(f"`{field.name}`" in section for field in dataclasses.fields(Entry))
