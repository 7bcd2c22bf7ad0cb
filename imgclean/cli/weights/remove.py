"""`imgclean weights rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from imgclean.cli.console import say
from imgclean.cli.options import QuietOption
from imgclean.cli.weights.matching import chosen_items
from imgclean.errors import InvalidSetting

if TYPE_CHECKING:
    from imgclean.weightsets.hub.inventory import Item


def remove(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Names, or places on the Hub.", show_default=False),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that was fetched from the Hub.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Remove what was fetched from the Hub; nothing else in its cache.

    Example: imgclean weights rm hf://owner/dncnn-mine
    """
    from imgclean.weightsets.hub.cache import discard
    from imgclean.weightsets.hub.download import unwritable

    if not names and not everything:
        raise InvalidSetting("nothing is named", hint="name a weight set, or use --all")
    items = chosen_items(None if everything else names)
    if not everything:
        for item in items:
            _require_cached(item)
    for item in items:
        size = sum(file.path.stat().st_size for file in item.files if file.path.exists())
        for file in item.files:
            try:
                discard(file)
            except OSError as error:
                raise unwritable(file.path, error) from error
        if item.files and not quiet:
            say(f"{item.name}: removed, {decimal(size)}")


def _require_cached(item: Item) -> None:
    if item.state == "embedded":
        raise InvalidSetting(
            f"{item.name} is embedded in a package",
            hint=f"it is in {item.place}; see pip uninstall",
        )
    if not item.files:
        raise InvalidSetting(f"{item.name} is not here", hint="see `imgclean weights list`")
