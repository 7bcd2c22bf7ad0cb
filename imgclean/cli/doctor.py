"""`imgclean doctor`."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from imgclean.cli.configuration import configuration_path, read_configuration
from imgclean.cli.console import stdout
from imgclean.cli.context import has_all_plugins, is_configured, registry
from imgclean.cli.exit_codes import SETUP
from imgclean.cli.options import JsonOption
from imgclean.errors import ImgcleanError, one_line

_NAME_END = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, what was found, whether it is well."""

    subject: str
    found: str
    well: bool = True


def doctor(context: typer.Context, json_lines: JsonOption = False) -> None:
    """Report versions, devices, plugins and weight sets; exit code 1 if something is broken.

    With --json each line has subject, found, well.

    Example: imgclean doctor > report.txt
    """
    findings = [*_machine(), *_packages(), *_devices(), *_plugins(), *_weight_sets(), *_hub()]
    findings.append(_configuration(context))
    if json_lines:
        for each in findings:
            line = {"subject": each.subject, "found": each.found, "well": each.well}
            typer.echo(json.dumps(line))
    else:
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        for _ in ("mark", "subject"):
            table.add_column()
        table.add_column(overflow="fold")  # a path that is cut short is of no use
        for each in findings:
            mark = Text("ok", "green") if each.well else Text("broken", "bold red")
            table.add_row(mark, each.subject, each.found)
        stdout.print(table)
    if not all(each.well for each in findings):
        raise typer.Exit(SETUP)


def _machine() -> list[Finding]:
    import psutil

    memory = psutil.virtual_memory()
    return [
        Finding("python", platform.python_version()),
        Finding("system", platform.platform()),
        Finding("cores", str(os.cpu_count())),
        Finding("memory", f"{memory.total / 2**30:.1f} GiB, {memory.available / 2**30:.1f} free"),
    ]


def _packages() -> list[Finding]:
    """Return imgclean and everything that it requires, with versions."""
    required = [line for line in requires("imgclean") or [] if "extra ==" not in line]
    names = [_NAME_END.split(line, maxsplit=1)[0] for line in required]
    return [_package(name) for name in ("imgclean", *names)]


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "not installed", well=False)


def _devices() -> list[Finding]:
    try:
        import torch

        from imgclean.inference.device import device_name, has_bf16
        from imgclean.inference.preparation.prepare import fused_precisions
    except Exception as error:  # noqa: BLE001 - a broken installation is what doctor is for
        return [_broken("torch", error)]
    kinds = ["cpu"]
    kinds += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        kinds.append("mps")
    findings = []
    for kind in kinds:
        device = torch.device(kind)
        fast = "bf16 in hardware" if has_bf16(device) else "no bf16 in hardware"
        fused = ", ".join(fused_precisions(device)) or "no precision"
        text = f"{device_name(device)}, {fast}, convolutions fused in {fused}"
        findings.append(Finding(kind, text))
    if not torch.cuda.is_available():
        findings.append(Finding("cuda", f"no device, or torch {torch.__version__} without CUDA"))
    return findings


def _plugins() -> list[Finding]:
    found = registry()
    loaded = [
        Finding(
            f"plugin {each.source.entry_point}",
            f"{each.source.distribution} {each.source.version}: "
            + ", ".join(info.name for info in each.models),
        )
        for each in found.plugins
    ]
    failed = [
        Finding(f"plugin {each.source.entry_point}", each.line(), well=False)
        for each in found.failures
    ]
    if not loaded:
        failed.append(Finding("plugins", 'none works: pip install "imgclean[models]"', well=False))
    return loaded + failed


def _hub() -> list[Finding]:
    """Return where the Hub is, whether it may be asked, and what is kept of it. Asks nobody."""
    from huggingface_hub import constants

    from imgclean.weightsets.hub.cache import cache_folder, recorded
    from imgclean.weightsets.hub.client import is_offline
    from imgclean.weightsets.hub.entries import user_catalogue
    from imgclean.weightsets.hub.refusals import endpoint

    has_token = "HF_TOKEN" in os.environ or Path(constants.HF_TOKEN_PATH).exists()
    asked = "never asked: offline" if is_offline() else "asked for what is not here"
    own = user_catalogue()
    absent = "" if own is None or own.exists() else ", not there"
    return [
        Finding("Hub", f"{endpoint()}, {asked}, {'a' if has_token else 'no'} token"),
        Finding("Hub cache", f"{cache_folder()}, {len(recorded())} files of imgclean's"),
        Finding("catalogue", "switched off" if own is None else f"{own}{absent}"),
    ]


def _configuration(context: typer.Context) -> Finding:
    """Return which file of defaults is used, and whether it is sound."""
    path = configuration_path()
    if path is None or not is_configured():
        return Finding("configuration", "switched off")
    try:
        commands: Any = context.find_root().command
        tables = read_configuration(commands.commands, all_known=has_all_plugins())
    except ImgcleanError as error:
        return _broken("configuration", error)
    if not path.exists():
        return Finding("configuration", f"{path}, not there")
    options = _count(tables)
    return Finding("configuration", f"{path}, {options} option{'s' * (options != 1)}")


def _count(tables: dict[str, Any]) -> int:
    """Return how many options are set, also those of a group's commands."""
    return sum(_count(each) if isinstance(each, dict) else 1 for each in tables.values())


def _weight_sets() -> list[Finding]:
    """Return every weight set, its hash and its fit checked."""
    from imgclean.weightsets.catalogue import installed

    catalogue = installed()
    findings = [Finding("weight set", line, well=False) for line in catalogue.broken]
    for each in catalogue.sets.values():
        try:
            from imgclean.weightsets.network import load_network

            load_network(registry().model(each.config.model).info, each)
        except Exception as error:  # noqa: BLE001 - the other findings are wanted all the same
            findings.append(_broken(each.name, error))
        else:
            findings.append(Finding(each.name, f"{each.config.model}, {each.config.noise}, sound"))
    return findings


def _broken(subject: str, error: Exception) -> Finding:
    known = isinstance(error, ImgcleanError)
    return Finding(subject, str(error) if known else one_line(error), well=False)
