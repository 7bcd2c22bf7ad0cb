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
from imgclean.cli.options import JsonOption, MaxPixelsOption, input_path
from imgclean.errors import ImageError, InvalidSetting, UnreadableImage


def inspect(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES", parser=input_path, help="Images, or folders of images; - for stdin."
        ),
    ],
    max_pixels: MaxPixelsOption = 300,
    json_lines: JsonOption = False,
) -> None:
    """Say what images are, how noisy they are, and which weights fit their noise.

    Exit codes: 3 if some files could not be read, 4 if none could.

    Example: imgclean inspect photos/ --json
    """
    from imgclean.inference.inspection import Inspector, gather
    from imgclean.inference.jobs import STREAM

    inputs = gather(files)
    if STREAM in inputs.images and sys.stdin.isatty():
        raise InvalidSetting("there is no image on stdin", hint="pipe one in, or name a file")
    inspector = Inspector(registry(), max_pixels=int(max_pixels * 1e6) or sys.maxsize)
    for folder, reason in inputs.unreadable:
        hint = "check its permissions"
        error = UnreadableImage(f"{folder}: cannot be opened: {reason}", hint=hint)
        _fail(folder, error, json_lines=json_lines)
    unread = 0
    for number, path in enumerate(inputs.images):
        try:
            found = inspector.inspect(path)
        except ImageError as error:
            unread += 1
            _fail(path, error, json_lines=json_lines)
            continue
        if json_lines:
            write_json_line(sys.stdout, inspection_line(str(path), found))
        else:
            typer.echo("\n" * (number > 0) + inspection_text(str(path), found))
    if unread or inputs.unreadable:
        raise typer.Exit(SOME_FAILED if unread < len(inputs.images) else ALL_FAILED)
    raise typer.Exit(DONE)


def _fail(path: Path, error: ImageError, *, json_lines: bool) -> None:
    """Say in one line what is wrong with a file or folder, and have it among the JSON lines."""
    message = f"{error} ({error.hint})" if error.hint else str(error)
    say_error(message)
    if json_lines:
        failure = {"error": type(error).__name__, "message": message}
        write_json_line(sys.stdout, inspection_line(str(path), None) | failure)
