"""`imgclean plugins`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from imgclean.cli.console import stdout
from imgclean.cli.context import registry
from imgclean.cli.options import JsonOption

if TYPE_CHECKING:
    from imgclean.extension.registry import PluginSource, Registry


def plugins(json_lines: JsonOption = False) -> None:
    """List the installed plugins: those that work, those that do not and why.

    With --json each line has plugin, distribution, version, state (loaded, failed or disabled),
    models, error, message.

    Example: imgclean plugins
    """
    rows = _rows(registry())
    if json_lines:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    table = Table("plugin", "distribution", "version", "state", "models, or what is wrong")
    for row in rows:
        about = ", ".join(row["models"])
        if row["state"] == "failed":
            about = f"{row['error']}: {row['message']}\npip uninstall {row['distribution']}"
        table.add_row(row["plugin"], row["distribution"], row["version"], row["state"], about)
    stdout.print(table)


def _rows(found: Registry) -> list[dict[str, Any]]:
    loaded = [
        _row(each.source, "loaded", models=[info.name for info in each.models])
        for each in found.plugins
    ]
    failed = [
        _row(each.source, "failed", error=each.error, message=each.message)
        for each in found.failures
    ]
    return loaded + failed + [_row(each, "disabled") for each in found.disabled]


def _row(source: PluginSource, state: str, **facts: object) -> dict[str, Any]:
    row: dict[str, Any] = {
        "plugin": source.entry_point,
        "distribution": source.distribution,
        "version": source.version,
        "state": state,
        "models": [],
        "error": None,
        "message": None,
    }
    return row | facts
