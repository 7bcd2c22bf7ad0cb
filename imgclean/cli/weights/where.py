"""`imgclean weights where`."""

from __future__ import annotations

from typing import Annotated

import typer

from imgclean.cli.weights.matching import chosen_items
from imgclean.errors import InvalidSetting


def where(
    name: Annotated[
        str | None, typer.Argument(help="A weight set; by default the Hub's cache.")
    ] = None,
) -> None:
    """Print the folder of a weight set, or of the cache that all of the Hub shares.

    Example: imgclean weights where dncnn-gray-25
    """
    from imgclean.weightsets.hub.cache import cache_folder

    if name is None:
        typer.echo(cache_folder())
        return
    places = [each.place for each in chosen_items([name]) if each.place is not None]
    if not places:
        raise InvalidSetting(f"{name} is not here", hint=f"`imgclean weights pull {name}`")
    for place in places:
        typer.echo(place)
