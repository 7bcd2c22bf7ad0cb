"""`imgclean weights list`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
from rich.filesize import decimal
from rich.text import Text

from imgclean.cli.console import printable, say, stdout
from imgclean.cli.options import JsonOption

if TYPE_CHECKING:
    from imgclean.weightsets.hub.inventory import Item

_KINDS = {1: "gray", 3: "colour"}
_WIDTH = 80
_INDENT = 4
_LONGEST_NAME = 40


def list_weights(json_lines: JsonOption = False) -> None:
    """List weight sets: embedded, in the Hub's cache, and available on the Hub.

    The name is what --weights takes. With --json each line has name, state
    (embedded, cached, available, unpinned), reference, place, model, task,
    noise, channels, licence, bytes, results.

    Example: imgclean weights list
    """
    from imgclean.weightsets.catalogue import installed
    from imgclean.weightsets.hub.inventory import list_items

    catalogue = installed()
    items = list_items(catalogue)
    if json_lines:
        for each in items:
            typer.echo(json.dumps(_facts(each)))
    else:
        _print(items)
    for line in catalogue.broken:
        say(f"warning: {line}")


def _facts(item: Item) -> dict[str, Any]:
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
    """Print two lines for each: what to fetch or to remove, and what it is good for.

    The name is never cut. Beside a long one there is no room for what else the first line has.
    """
    widest = max((len(each.name) for each in items if len(each.name) <= _LONGEST_NAME), default=0)
    for each in items:
        size = "" if each.bytes is None else decimal(each.bytes)
        facts = f"{size:>9}  {each.licence or '':<12}  {each.state}"
        purposes = _purposes(each)
        if len(each.name) > _LONGEST_NAME:
            known = ", ".join(fact for fact in (size, each.licence, each.state) if fact)
            facts, purposes = "", [f"{known}; {purpose}" for purpose in purposes]
        room = _WIDTH - _INDENT
        purpose = next((text for text in purposes if len(text) <= room), purposes[-1])
        first = Text.assemble((each.name.ljust(widest), "bold"), printable(facts))
        stdout.print(first, soft_wrap=True)
        stdout.print(Text(" " * _INDENT + printable(purpose), style="dim"), soft_wrap=True)


def _purposes(item: Item) -> list[str]:
    """Return the kind of image, the noise domain and the first result; then the same in short."""
    if item.task is None:
        return [f"for training: {item.model}" if item.model else "nothing is known of its use"]
    kind = _KINDS.get(item.channels or 0, f"{item.channels} channels")
    about = f"{item.model}, {kind}, {item.noise}"
    results = [
        f"{about}; {each.psnr:.2f} dB for {each.degradation} on {each.set}"
        for each in item.results[:1]
    ]
    return [*results, about]
