"""`imgclean weights where`."""

from __future__ import annotations

from typing import Annotated

import typer

from imgclean.cli.weights.matching import chosen_items, require_here


def where(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="A weight set; by default the Hub's cache.", show_default=False
        ),
    ] = None,
) -> None:
    """Print where a weight set is, or the Hub's cache, which other programs share.

    Example: imgclean weights where dncnn-gray-25
    """
    from imgclean.weightsets.hub.cache import cache_folder

    if name is None:
        typer.echo(cache_folder())
        return
    items = chosen_items([name])
    require_here(items)
    for item in items:
        typer.echo(item.place)
