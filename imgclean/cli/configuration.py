"""The user's own defaults of options, from a TOML file with a table for each command."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from platformdirs import user_config_path

from imgclean.errors import ConfigurationInvalid, nearest_names

VARIABLE = "IMGCLEAN_CONFIG"

# what one run is about
_NO_DEFAULT = frozenset({"files-from", "help", "name", "null", "out", "output", "save-residual"})
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}


def configuration_path() -> Path | None:
    """Return where the file is, if there is one; None where the environment switches it off."""
    named = os.environ.get(VARIABLE)
    if named is None:
        return user_config_path("imgclean") / "config.toml"
    return Path(named) if named else None


def read_configuration(
    commands: Mapping[str, Any], *, all_known: bool = True
) -> dict[str, dict[str, Any]]:
    """Return the defaults of each command by its parameters' names, as typer's `default_map`.

    Args:
        commands: typer's commands by name.
        all_known: no other command exists, so that a table of another name is a mistake.

    Raises:
        ConfigurationInvalid: the file cannot be read; or a table, a key or a value in it is wrong.
    """
    path = configuration_path()
    if path is None or not (os.environ.get(VARIABLE) or path.exists()):
        return {}
    defaults = {}
    for name, table in _tables(path).items():
        if not isinstance(table, dict):
            hint = f"put it below [{next(iter(commands))}], or another command's name"
            raise ConfigurationInvalid(f"{path}: {name} stands in no table", hint=hint)
        if name in commands:
            defaults[name] = _defaults_of(commands[name], table, f"{path}: [{name}]")
        elif all_known:
            raise ConfigurationInvalid(
                f"{path}: there is no command {name}", hint=_hint(name, commands)
            )
    return defaults


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        cause = os.strerror(error.errno).lower() if error.errno else str(error)
        raise ConfigurationInvalid(
            f"{path}: cannot be opened: {cause}", hint=f"see {VARIABLE}"
        ) from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise ConfigurationInvalid(
            f"{path}: not TOML: {error}", hint="--no-config passes it by"
        ) from error


def _defaults_of(command: Any, table: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return one command's defaults, each of the type that its option takes; a group's by name."""
    if hasattr(command, "commands"):
        return _defaults_of_group(command.commands, table, place)
    options = {
        name.removeprefix("--"): parameter
        for parameter in command.params
        for name in parameter.opts
        if name.startswith("--")
    }
    known = options.keys() - _NO_DEFAULT
    hints = get_type_hints(command.callback, include_extras=True)
    found = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in known:
            what = "cannot be set there" if name in options else "is no option"
            raise ConfigurationInvalid(f"{place} {key} {what}", hint=_hint(name, known))
        parameter = options[name]
        try:
            found[parameter.name] = _checked(value, hints[parameter.name])
        except ValueError as error:
            shown = str(value).lower() if isinstance(value, bool) else repr(value)
            hint = "--no-config passes the file by"
            raise ConfigurationInvalid(
                f"{place} {key} = {shown}: not {error}", hint=hint
            ) from error
    return found


def _defaults_of_group(
    commands: Mapping[str, Any], table: Mapping[str, Any], place: str
) -> dict[str, Any]:
    """Return the defaults of each command of a group, as of `weights convert`."""
    found = {}
    for name, inner in table.items():
        if name not in commands or not isinstance(inner, dict):
            raise ConfigurationInvalid(
                f"{place} {name} is no table of a command of it",
                hint=f"known: {', '.join(sorted(commands))}",
            )
        found[name] = _defaults_of(commands[name], inner, f"{place[:-1]}.{name}]")
    return found


def _checked(value: object, annotation: Any) -> object:
    """Return a value as its option takes it.

    Raises:
        ValueError: it is of another type, or out of bounds; the message says what was expected.
    """
    kind = annotation
    limits = ()
    if hasattr(annotation, "__metadata__"):
        kind, limits = annotation.__origin__, annotation.__metadata__
    if get_origin(kind) in (Union, UnionType):
        (kind, *_) = (each for each in get_args(kind) if each is not NoneType)
    if get_origin(kind) is list:
        values = value if isinstance(value, list) else [value]
        return [_single(each, get_args(kind)[0], limits) for each in values]
    return _single(value, kind, limits)


def _single(value: object, kind: Any, limits: Iterable[Any]) -> object:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"one of {', '.join(get_args(kind))}")
        return value
    if kind in (str, Path):  # a text may be a number: tile = 256
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(_KINDS[kind])
        return str(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind in _KINDS and type(value) is not kind:
        raise ValueError(_KINDS[kind])
    for each in limits:
        low, high = getattr(each, "min", None), getattr(each, "max", None)
        if low is not None and value < low:
            raise ValueError(f"{low} or more" if high is None else f"{low} to {high}")
        if high is not None and value > high:
            raise ValueError(f"{low} to {high}")
    return value


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest_names(name, known)
    return f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(sorted(known))}"
