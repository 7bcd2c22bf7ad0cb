"""The command line: one file per command. Only this package imports typer and rich."""

from __future__ import annotations

import os
import sys
import traceback

import typer
from rich.text import Text
from typer.models import CommandInfo

from imgclean import __version__
from imgclean.cli.console import stderr
from imgclean.cli.context import disable_plugins, registry
from imgclean.cli.denoise import denoise
from imgclean.cli.doctor import doctor
from imgclean.cli.evaluate import evaluate
from imgclean.cli.exit_codes import INTERRUPTED, SETUP, exit_code_of
from imgclean.cli.models import models
from imgclean.cli.plugins import plugins
from imgclean.cli.train import train
from imgclean.errors import ImgcleanError, one_line

_NO_PLUGINS = "--no-plugins"
_DEBUG_VARIABLE = "IMGCLEAN_DEBUG"

app = typer.Typer(
    name="imgclean",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
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
) -> None:
    """Cleans noise out of images; every denoiser is a plugin."""


for _command in (denoise, train, evaluate, models, plugins, doctor):
    app.command()(_command)


def main() -> None:
    """Run the command line; the entry point of the console script."""
    arguments = [each for each in sys.argv[1:] if each != _NO_PLUGINS]  # wherever it stands
    if len(arguments) < len(sys.argv) - 1:
        disable_plugins()
    try:
        _add_plugin_commands()
        app(arguments)
    except ImgcleanError as error:
        _print_error(str(error), error.hint)
        code = exit_code_of(error)
    except KeyboardInterrupt:
        _print_error("interrupted", "")
        code = INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None  # nobody reads it any more: Python must not flush it at exit
        code = SETUP
    except Exception as error:  # noqa: BLE001 - the last resort: one line, not a traceback
        _print_error(
            f"internal error: {one_line(error)}",
            f"set {_DEBUG_VARIABLE}=1 for the traceback and report it with `imgclean doctor`",
        )
        code = SETUP
    else:
        code = 0
    if code and os.environ.get(_DEBUG_VARIABLE):
        traceback.print_exc()
    sys.exit(code)


def _add_plugin_commands() -> None:
    """Let plugins add commands of their own; one that fails is passed by with a word."""
    found = registry()
    for plugin in found.plugins:
        before = list(app.registered_commands)
        try:
            found.hook("imgclean_commands", plugin)(app=app)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            app.registered_commands = before
            _print_error(f"commands of {plugin.source.distribution}: {one_line(error)}", "")
            continue
        taken = {_command_name(each) for each in before}
        for added in app.registered_commands[len(before) :]:
            if _command_name(added) in taken:
                app.registered_commands.remove(added)
                name = _command_name(added)
                _print_error(f"{plugin.source.distribution} may not replace command {name}", "")


def _command_name(command: CommandInfo) -> str:
    function = getattr(command.callback, "__name__", "")
    return command.name or function.replace("_", "-")


def _print_error(message: str, hint: str) -> None:
    stderr.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    if hint:
        stderr.print(Text(f"       {hint}", style="dim"), soft_wrap=True)
