"""The command line: one file per command. Only this package imports typer and rich."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import closing, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from imgclean import __version__
from imgclean.cli.bench import bench
from imgclean.cli.configuration import read_configuration
from imgclean.cli.console import say_error
from imgclean.cli.context import (
    disable_configuration,
    disable_plugins,
    go_offline,
    has_all_plugins,
    is_configured,
    registry,
)
from imgclean.cli.degrade import degrade
from imgclean.cli.denoise import denoise
from imgclean.cli.doctor import doctor
from imgclean.cli.evaluate import evaluate
from imgclean.cli.exit_codes import INTERRUPTED, SETUP, exit_code_of
from imgclean.cli.inspect import inspect
from imgclean.cli.models import models
from imgclean.cli.plugins import plugins
from imgclean.cli.train import train
from imgclean.cli.transfer_bar import TransferBar
from imgclean.cli.weights import weights
from imgclean.errors import ImgcleanError, one_line
from imgclean.weightsets.hub.transfers import listening

if TYPE_CHECKING:
    from imgclean.extension.registry import LoadedPlugin

_NO_PLUGINS = "--no-plugins"
_NO_CONFIG = "--no-config"
_OFFLINE = "--offline"
_SWITCHES = {
    _NO_PLUGINS: disable_plugins,
    _NO_CONFIG: disable_configuration,
    _OFFLINE: go_offline,
}
_QUIET = {"--quiet", "-q"}
_HELP = ("-h", "--help")
_UNCONFIGURED = {"doctor", None}  # doctor reports a broken file, and must not fail by it
_DEBUG_VARIABLE = "IMGCLEAN_DEBUG"
_PROCESSES_VARIABLE = "WORLD_SIZE"  # of torchrun, and of those that a training run starts itself

app = typer.Typer(
    name="imgclean",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": [*_HELP]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"imgclean {__version__}")
        raise typer.Exit


@app.callback()
def _before_any_command(
    _version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_print_version, help="Print the version."
    ),
    _no_plugins: bool = typer.Option(False, _NO_PLUGINS, help="Load no plugin."),
    _no_config: bool = typer.Option(False, _NO_CONFIG, help="Read no configuration."),
    _offline: bool = typer.Option(False, _OFFLINE, help="Fetch nothing; use what is here."),
) -> None:
    """Cleans noise out of images; every denoiser is a plugin."""


for _command in (denoise, train, evaluate, inspect, degrade, bench, models, plugins, doctor):
    app.command()(_command)
app.add_typer(weights)


def main() -> None:
    """Run the command line; the entry point of the console script."""
    given = sys.argv[1:]
    arguments = [each for each in given if each not in _SWITCHES]  # wherever they stand
    for switch, act in _SWITCHES.items():
        if switch in given:
            act()
    bar = TransferBar(quiet=bool(_QUIET & set(arguments)))
    try:
        _add_plugin_commands()
        with listening(bar), closing(bar):
            app(arguments, default_map=_defaults(arguments))
    except SystemExit as ended:
        _leave(ended.code)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort
        code = _report(error)
        if os.environ.get(_DEBUG_VARIABLE):
            traceback.print_exception(error)
        _leave(code)


def _leave(code: str | int | None) -> NoReturn:
    """End the process; with others at once, whose lost connections Python would wait for."""
    if code and int(os.environ.get(_PROCESSES_VARIABLE, "1")) > 1:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code if isinstance(code, int) else SETUP)
    sys.exit(code)


def _defaults(arguments: list[str]) -> dict[str, dict[str, Any]]:
    """Return the user's defaults of options; the help shows the program's own."""
    command = next((each for each in arguments if not each.startswith("-")), None)
    if not is_configured() or command in _UNCONFIGURED or set(_HELP) & set(arguments):
        return {}
    commands = typer.main.get_group(app).commands
    return read_configuration(commands, all_known=has_all_plugins())


def _report(error: BaseException) -> int:
    """Say in one line what ended the run, and return the exit code."""
    if isinstance(error, ImgcleanError):
        say_error(str(error), error.hint)
        return exit_code_of(error)
    if isinstance(error, KeyboardInterrupt):
        say_error("interrupted")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        sys.stdout = None  # nobody reads it any more: Python must not flush it at exit
        return SETUP
    say_error(
        f"internal error: {one_line(error)}",
        f"set {_DEBUG_VARIABLE}=1 for the traceback and report it with `imgclean doctor`",
    )
    return SETUP


def _add_plugin_commands() -> None:
    """Let plugins add commands of their own; one that fails is passed by with a word."""
    for plugin in registry().plugins:
        try:
            with redirect_stdout(sys.stderr):  # stdout carries data only
                _add_commands_of(plugin)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit too
            name = plugin.source.distribution
            say_error(f"commands of {name} were not added: {one_line(error)}")


def _add_commands_of(plugin: LoadedPlugin) -> None:
    """Collect a plugin's commands in an application of its own, so that it can touch no other."""
    offered = typer.Typer()
    registry().hook("imgclean_commands", plugin)(app=offered)
    if not offered.registered_commands and not offered.registered_groups:
        return
    taken = _command_names(app) & _command_names(offered)
    if taken:
        name = plugin.source.distribution
        say_error(f"{name} may not replace command {min(taken)}: none of its own is added")
        return
    app.registered_commands += offered.registered_commands
    app.registered_groups += offered.registered_groups


def _command_names(application: typer.Typer) -> set[str]:
    return set(typer.main.get_group(application).commands)
