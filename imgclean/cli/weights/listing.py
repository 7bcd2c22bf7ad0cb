"""`imgclean weights list`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
from rich.filesize import decimal
from rich.text import Text

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
        _print(items)
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


def _print(items: list[Item]) -> None:
    """Print two lines for each: what to fetch or to remove, and what it is good for."""
    widest = max((len(each.name) for each in items), default=0)
    for each in items:
        size = "" if each.bytes is None else decimal(each.bytes)
        facts = f"{size:>9}  {each.licence or '':<12}  {each.state}"
        stdout.print(Text.assemble((each.name.ljust(widest), "bold"), facts), soft_wrap=True)
        stdout.print(Text(f"    {_purpose(each)}", style="dim"), soft_wrap=True)


def _purpose(item: Item) -> str:
    """Return the kind of image, the noise domain and the first result; the card has all."""
    if item.task is None:
        return f"for training: {item.model}" if item.model else "a checkpoint that nothing names"
    kind = _KINDS.get(item.channels or 0, f"{item.channels} channels")
    about = f"{item.model}, {kind}, {item.noise}"
    if not item.results:
        return about
    first = item.results[0]
    return f"{about}; {first.psnr:.2f} dB for {first.degradation} on {first.set}"
