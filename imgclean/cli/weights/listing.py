"""`imgclean weights list`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
from rich.filesize import decimal
from rich.table import Table

from imgclean.cli.console import say, stdout
from imgclean.cli.options import JsonOption

if TYPE_CHECKING:
    from imgclean.weightsets.hub.inventory import Item

_KINDS = {1: "gray", 3: "colour"}


def list_weights(json_lines: JsonOption = False) -> None:
    """List weight sets: embedded, in the Hub's cache, and available on the Hub.

    With --json each line has name, state (embedded, cached, available, unpinned), reference,
    place, model, task, noise, channels, licence, bytes, results.

    Example: imgclean weights list
    """
    from imgclean.weightsets.catalogue import installed
    from imgclean.weightsets.hub.inventory import list_items

    catalogue = installed()
    items = list_items(catalogue)
    if json_lines:
        for each in items:
            typer.echo(json.dumps(facts_of(each)))
    else:
        stdout.print(_table(items))
    for line in catalogue.broken:
        say(f"warning: {line}")


def facts_of(item: Item) -> dict[str, Any]:
    """Return what a script may want to know of it."""
    return {
        "name": item.name,
        "state": item.state,
        "reference": None if item.reference is None else str(item.reference),
        "place": None if item.place is None else str(item.place),
        "model": item.model,
        "task": item.task,
        "noise": item.noise,
        "channels": item.channels,
        "licence": item.licence,
        "bytes": item.bytes,
        "results": [each.model_dump() for each in item.results],
    }


def _table(items: list[Item]) -> Table:
    table = Table("name", "for", "noise domain", "size", "licence", "measured", "state")
    table.columns[0].overflow = "fold"  # a name that is cut short is of no use
    table.columns[3].justify = "right"
    for each in items:
        table.add_row(
            each.name,
            _KINDS.get(each.channels or 0, "") if each.task else "training",
            each.noise or "",
            "" if each.bytes is None else decimal(each.bytes),
            each.licence or "",
            _measured(each),
            each.state,
        )
    return table


def _measured(item: Item) -> str:
    """Return the first result: the level that the set is named after, or the lowest."""
    if not item.results:
        return ""
    first = item.results[0]
    return f"{first.psnr:.2f} dB, {first.set} {first.degradation}"
