"""`imgclean weights pin`."""

from __future__ import annotations

from typing import Annotated

import typer

from imgclean.cli.console import say
from imgclean.cli.context import registry
from imgclean.errors import InvalidSetting


def pin(
    reference: Annotated[
        str,
        typer.Argument(metavar="REFERENCE", help="An unpinned name, or a place on the Hub."),
    ],
    name: Annotated[
        str | None,
        typer.Option("--name", help="Of a checkpoint from elsewhere; by default after its file."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the entry instead, for a catalogue of your own.")
    ] = False,
) -> None:
    """Give a place on the Hub a name, with the commit and the hash that it has today.

    It is fetched and read, and its entry is written into your catalogue. From
    then on --weights takes the name, for that content alone.

    Example: imgclean weights pin hf://owner/dncnn-mine
    """
    from imgclean.weightsets.catalogue import installed
    from imgclean.weightsets.hub import pinning
    from imgclean.weightsets.hub.entries import add_to_user_catalogue, as_toml
    from imgclean.weightsets.hub.inventory import is_embedded

    catalogue = installed()
    found, entry = pinning.pin(reference, catalogue.available, registry().infos(), name=name)
    if show:
        typer.echo(as_toml(found, entry), nl=False)
        return
    taken = catalogue.sets.get(found)
    if taken and is_embedded(taken):
        raise InvalidSetting(
            f"{found} is the name of a set that is embedded in a package",
            hint=f"use it with --weights {entry.reference}",
        )
    file = add_to_user_catalogue(found, entry)
    say(f"{found}: {entry.reference}, sha256 {(entry.sha256 or '')[:12]}..., in {file}")
