"""`imgclean weights pull`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from imgclean.cli.console import say, say_error
from imgclean.cli.exit_codes import exit_code_of
from imgclean.cli.options import JsonOption, QuietOption
from imgclean.errors import ImgcleanError, InvalidSetting

if TYPE_CHECKING:
    from imgclean.weightsets.catalogue import Catalogue


def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Names, or places as hf://owner/repository@v1.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that `imgclean weights list` has as available.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask whether the branch has moved.")
    ] = False,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch weight sets from the Hub, for later runs and for work without a network.

    What is here and sound is not fetched again. With --json each line has name, place, bytes,
    commit.

    Example: imgclean weights pull hf://owner/dncnn-mine
    """
    from imgclean.weightsets.catalogue import installed
    from imgclean.weightsets.hub.inventory import is_embedded

    catalogue = installed()
    wanted = list(names or ())
    if everything:
        wanted += [name for name, entry in catalogue.available.items() if entry.is_pinned]
    elif not wanted:
        raise InvalidSetting("nothing is named", hint="name a weight set, or use --all")
    codes = []
    for name in dict.fromkeys(wanted):
        try:
            place = _pulled(name, catalogue, refresh=refresh)
        except ImgcleanError as error:
            say_error(str(error), error.hint)
            codes.append(exit_code_of(error))
            continue
        except KeyboardInterrupt:
            say("interrupted; the next pull goes on from here")
            raise
        size = _size(place)
        if json_lines:
            line = {
                "name": name,
                "place": str(place),
                "bytes": size,
                "commit": _commit(place) or None,
            }
            typer.echo(json.dumps(line))
        elif not quiet:
            embedded = name in catalogue.sets and is_embedded(catalogue.sets[name])
            state = "embedded in a package" if embedded else f"sound, commit {_commit(place)[:12]}"
            say(f"{name}: here, {decimal(size)}, {state}")
    if not (wanted or quiet):
        say("nothing is available under a name: see `imgclean weights list`")
    if codes:
        raise typer.Exit(max(codes))


def _pulled(name: str, catalogue: Catalogue, *, refresh: bool) -> Path:
    """Return where it is now. Nothing is at a path of this machine that could be fetched."""
    from imgclean.weightsets.catalogue import find, is_path
    from imgclean.weightsets.hub.intended import intended_hint
    from imgclean.weightsets.hub.inventory import is_embedded
    from imgclean.weightsets.hub.reference import is_hub_reference, parse_hub_reference
    from imgclean.weightsets.hub.sets import pull_entry, pull_reference

    if is_hub_reference(name):
        return pull_reference(parse_hub_reference(name), refresh=refresh, repair=True)
    if is_path(name):
        meant = "" if Path(name).exists() else intended_hint(name)
        raise InvalidSetting(
            f"{name} names nothing on the Hub",
            hint=meant or "name a weight set, or a place as hf://owner/repository",
        )
    known = catalogue.sets.get(name)
    if name in catalogue.available and not (known and is_embedded(known)):
        return pull_entry(name, catalogue.available[name], repair=True)
    return find(name, catalogue, ()).folder


def _commit(place: Path) -> str:
    """Return the commit that something in the cache is of; nothing for what is elsewhere."""
    from imgclean.weightsets.hub.cache import cache_folder, place_in_cache

    return place_in_cache(place)[1] if cache_folder() in place.parents else ""


def _size(place: Path) -> int:
    from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, read_config

    names = (CONFIG_NAME, CARD_NAME, read_config(place).file) if place.is_dir() else ("",)
    files = [place / name for name in names]
    return sum(each.stat().st_size for each in files if each.is_file())
