"""`imgclean weights push`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal

from imgclean.cli.console import say
from imgclean.cli.options import JsonOption, QuietOption
from imgclean.errors import InputNotFound, InvalidSetting
from imgclean.weightsets.config import CONFIG_NAME

if TYPE_CHECKING:
    from imgclean.weightsets.hub.push import Push


def push(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a weight set, as `train` writes it.")
    ],
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="Made on the Hub if it is not there.")
    ],
    private: Annotated[bool, typer.Option("--private", help="Make it private.")] = False,
    message: Annotated[
        str | None, typer.Option("--message", help="Of the commit.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be sent.")
    ] = False,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Publish a weight set: its tensors, its config and its card, in one commit.

    What would be sent is shown before anything is. HF_TOKEN has to allow writing.
    With --json a line has repository, private, files (bytes by name), commit
    (null under --dry-run).

    Example: imgclean weights push runs/dncnn-mine owner/dncnn-mine
    """
    from imgclean.weightsets.hub.push import plan_push
    from imgclean.weightsets.hub.push import push as send

    if not run.is_dir():
        raise InputNotFound(f"{run} is no folder", hint="name the folder of a weight set")
    plan = plan_push(run, repository, private=private)
    asks = bool(plan.files) and not (dry_run or yes)
    if asks or not quiet:
        _describe(plan)
    commit = plan.parent
    if plan.files and not dry_run:
        if asks and not _has_consent():
            say("nothing was sent")
            return
        commit = send(
            plan,
            message=message or f"{plan.config.name}, {plan.config.sha256[:12]}",
        )
        if not quiet:
            say(f"sent: {plan.reference}@{commit}")
    elif dry_run and not quiet:
        say("nothing was sent")
    if json_lines:
        line = {
            "repository": plan.reference.repository,
            "private": plan.private,
            "files": plan.files,
            "commit": None if dry_run else commit,
        }
        typer.echo(json.dumps(line))


def _describe(plan: Push) -> None:
    """Say what would be sent where."""
    new = "new, " if plan.parent is None else ""
    say(f"{plan.folder} to {plan.reference} ({new}{'private' if plan.private else 'public'})")
    for name, size in plan.files.items():
        say(f"  {name}, {decimal(size)}")
    if not plan.files:
        say("  all of it is there already")
    config = plan.config
    count = len(config.results)
    results = f"{count} result{'s' * (count > 1)}" if count else "nothing measured"
    say(f"  {config.name}: {config.model}, {config.noise}, licence {config.licence}, {results}")
    for place in plan.places:
        say(f"  careful: {CONFIG_NAME} names a place on this machine: {place}")


def _has_consent() -> bool:
    if not sys.stdin.isatty():
        raise InvalidSetting("nobody is there to be asked", hint="add --yes, or --dry-run")
    return typer.confirm("Send it?", err=True)
