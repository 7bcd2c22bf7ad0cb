"""`imgclean weights verify`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.progress import track

from imgclean.cli.console import say, say_error, stderr
from imgclean.cli.exit_codes import SETUP
from imgclean.cli.options import JsonOption, QuietOption
from imgclean.cli.weights.matching import chosen_items, require_here


def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="Names, or places on the Hub; by default all.", show_default=False
        ),
    ] = None,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare every weight set on this machine with its hash; exit code 1 if one is damaged.

    With --json each line has name, state (embedded or cached), place, sound,
    message.

    Example: imgclean weights verify
    """
    from imgclean.weightsets.hub.inventory import damage_of

    items = chosen_items(names)
    if names:
        require_here(items)
    items = [each for each in items if each.place is not None]
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
            cure = "reinstall the package that has it"
            if item.state == "cached":
                cure = f"`imgclean weights pull {item.name}` fetches it again"
            say_error(f"{item.name}: {found}", cure)
    if not (quiet or json_lines):
        say(f"{len(items)} checked, {damaged} damaged")
    if damaged:
        raise typer.Exit(SETUP)
