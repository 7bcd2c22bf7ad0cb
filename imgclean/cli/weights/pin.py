"""`imgclean weights pin`."""

from __future__ import annotations

from typing import Annotated

import typer

from imgclean.cli.console import say
from imgclean.cli.context import registry


def pin(
    reference: Annotated[
        str,
        typer.Argument(metavar="NAME|hf://...", help="An unpinned name, or a place on the Hub."),
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

    It is fetched, read and written into your catalogue; nothing else has that name from then on.

    Example: imgclean weights pin hf://owner/dncnn-mine
    """
    from imgclean.weightsets.catalogue import installed
    from imgclean.weightsets.hub import pinning
    from imgclean.weightsets.hub.entries import add_to_user_catalogue, as_toml

    found, entry = pinning.pin(reference, installed().available, registry().infos(), name=name)
    if show:
        typer.echo(as_toml(found, entry), nl=False)
        return
    file = add_to_user_catalogue(found, entry)
    say(f"{found}: {entry.reference}, sha256 {(entry.sha256 or '')[:12]}..., in {file}")
