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
        typer.Argument(metavar="NAME", help="Names, or places on the Hub.", show_default=False),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that was fetched from the Hub, in whole or in part.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Remove what was fetched from the Hub; nothing else in its cache.

    Example: imgclean weights rm hf://owner/dncnn-mine
    """
    if not names and not everything:
        raise InvalidSetting("nothing is named", hint="name a weight set, or use --all")
    items = chosen_items(None if everything else names)
    if everything:
        items = [each for each in items if each.files and each.is_recorded]
    for item in items:
        _require_removable(item)
    for item in items:
        size = _discard(item)
        if not quiet:
            say(f"{item.name}: removed, {decimal(size)}")
    if everything:
        left = _discard_partial()
        if left and not quiet:
            say(f"what interrupted transfers have left: removed, {decimal(left)}")
        if not (left or items or quiet):
            say("nothing here was fetched from the Hub")


def _require_removable(item: Item) -> None:
    if item.state == "embedded":
        raise InvalidSetting(
            f"{item.name} is embedded in a package",
            hint=f"it is in {item.place}; see pip uninstall",
        )
    if not item.files:
        raise InvalidSetting(f"{item.name} is not here", hint="see `imgclean weights list`")
    if not item.is_recorded:
        raise InvalidSetting(
            f"{item.name} was fetched by another program",
            hint=f"it is in {item.place}; see `hf cache`",
        )


def _discard(item: Item) -> int:
    """Remove what was fetched; return its bytes."""
    from imgclean.weightsets.hub.cache import discard
    from imgclean.weightsets.hub.download import unwritable

    size = sum(file.path.stat().st_size for file in item.files if file.path.exists())
    for file in item.files:
        try:
            discard(file)
        except OSError as error:
            raise unwritable(file.path, error) from error
    return size


def _discard_partial() -> int:
    from imgclean.weightsets.hub.cache import cache_folder, discard_partial
    from imgclean.weightsets.hub.download import unwritable

    try:
        return discard_partial()
    except OSError as error:
        raise unwritable(cache_folder(), error) from error
