"""`imgclean weights`: one file per command."""

from __future__ import annotations

import typer

from imgclean.cli.weights.convert import convert
from imgclean.cli.weights.listing import list_weights
from imgclean.cli.weights.pin import pin
from imgclean.cli.weights.pull import pull
from imgclean.cli.weights.push import push
from imgclean.cli.weights.remove import remove
from imgclean.cli.weights.verify import verify
from imgclean.cli.weights.where import where

weights = typer.Typer(
    name="weights",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@weights.callback()
def _weights() -> None:
    """List, fetch, check, convert and publish weight sets.

    Example: imgclean weights list
    """


weights.command("list")(list_weights)
weights.command()(pull)
weights.command()(verify)
weights.command("rm")(remove)
weights.command()(where)
weights.command()(pin)
weights.command()(convert)
weights.command()(push)
