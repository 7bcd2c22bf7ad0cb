"""`imgclean inspect`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from imgclean.cli.console import say_error
from imgclean.cli.context import registry
from imgclean.cli.exit_codes import ALL_FAILED, DONE, SOME_FAILED
from imgclean.cli.inspection_lines import inspection_line, inspection_text
from imgclean.cli.json_lines import write_json_line
from imgclean.cli.options import JsonOption
from imgclean.errors import ImageError, UnreadableImage


def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="Images, or folders of images.")
    ],
    json_lines: JsonOption = False,
) -> None:
    """Say what images are, how noisy they are, and which weights fit their noise.

    Exit codes: 3 if some files could not be read, 4 if none could.

    Example: imgclean inspect photos/ --json
    """
    from imgclean.inference.inspection import Inspector, gather

    inputs = gather(files)
    inspector = Inspector(registry())
    failures: list[ImageError] = [
        UnreadableImage(f"{folder}: cannot be opened: {reason}", hint="check its permissions")
        for folder, reason in inputs.unreadable
    ]
    for error in failures:
        _fail(error, json_lines=json_lines)
    for number, path in enumerate(inputs.images):
        try:
            found = inspector.inspect(path)
        except ImageError as error:
            failures.append(error)
            _fail(error, json_lines=json_lines, path=path)
            continue
        if json_lines:
            write_json_line(sys.stdout, inspection_line(str(path), found))
        else:
            typer.echo("\n" * (number > 0) + inspection_text(str(path), found))
    unread = len(failures) - len(inputs.unreadable)
    if failures:
        raise typer.Exit(SOME_FAILED if unread < len(inputs.images) else ALL_FAILED)
    raise typer.Exit(DONE)


def _fail(error: ImageError, *, json_lines: bool, path: Path | None = None) -> None:
    """Say in one line what is wrong with a file, and have it among the JSON lines."""
    message = f"{error} ({error.hint})" if error.hint else str(error)
    say_error(message)
    if json_lines:
        name = str(path) if path else message.partition(":")[0]
        write_json_line(
            sys.stdout,
            inspection_line(name, None) | {"error": type(error).__name__, "message": message},
        )
