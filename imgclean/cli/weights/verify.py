"""`imgclean weights verify`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.progress import track

from imgclean.cli.console import say, say_error, stderr
from imgclean.cli.exit_codes import SETUP
from imgclean.cli.options import JsonOption, QuietOption
from imgclean.cli.weights.matching import chosen_items


def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="By default all that is here."),
    ] = None,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare every weight set on this machine with its hash; exit code 1 if one is damaged.

    With --json each line has name, state (embedded or cached), place, sound, message.

    Example: imgclean weights verify
    """
    from imgclean.weightsets.hub.inventory import damage_of

    items = [each for each in chosen_items(names) if each.place is not None or each.files]
    damaged = 0
    for item in track(
        items, "checking", console=stderr, transient=True, disable=quiet or not stderr.is_terminal
    ):
        found = damage_of(item)
        damaged += bool(found)
        if json_lines:
            line = {
                "name": item.name,
                "state": item.state,
                "place": None if item.place is None else str(item.place),
                "sound": not found,
                "message": found or None,
            }
            typer.echo(json.dumps(line))
        if found:
            cure = "imgclean weights pull" if item.state == "cached" else "install it again:"
            say_error(f"{item.name}: {found}", f"{cure} {item.name}")
    if not (quiet or json_lines):
        say(f"{len(items)} checked, {damaged} damaged")
    if damaged:
        raise typer.Exit(SETUP)
