"""Copies what is not cleaned of the input folders, so that nothing is missing in the output."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, BinaryIO

from imgclean.atomic import remove_leftovers, replacing
from imgclean.errors import ImgcleanError, UnreadableImage, UnwritableImage
from imgclean.events import Emit, Failed, Note
from imgclean.images.write import unwritable
from imgclean.inference.conflicts import is_copy
from imgclean.interruption import Interruption

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.inference.jobs import FileRules, Plan

_CHUNK = 2**20  # bytes


def copy_others(plan: Plan, rules: FileRules, emit: Emit) -> int:
    """Copy the plan's other files, each whole or not at all, with mode and modification time.

    Args:
        plan: which files, and where they go.
        rules: with `resume`, copies that an earlier run made are left alone.
        emit: gets an event for each file that fails, and a note on how many were copied.

    Returns:
        How many failed.

    Raises:
        KeyboardInterrupt: the user asked to stop; the file at hand is finished.
    """
    copied = failed = 0
    with Interruption() as interruption:
        for folder in {target.parent for _, target in plan.others}:
            remove_leftovers(folder)
        for source, target in plan.others:
            interruption.raise_if_requested()
            if rules.resume and is_copy(source, target):
                continue
            problem = _copy(source, target)
            if problem is None:
                copied += 1
            else:
                failed += 1
                emit(problem)
    if copied:
        emit(Note(message=f"{copied} other file{'s' * (copied > 1)} copied"))
    return failed


def _copy(source: Path, target: Path) -> Failed | None:
    """Copy one file; return what is wrong."""
    try:
        with source.open("rb") as content:
            _store(source, content, target)
    except UnwritableImage as error:
        problem: ImgcleanError = error
    except OSError as error:
        cause = os.strerror(error.errno).lower() if error.errno else str(error)
        hint = "check the file's permissions"
        problem = UnreadableImage(f"{source}: cannot be copied: {cause}", hint=hint)
    else:
        return None
    return Failed(
        input=str(source),
        output=str(target),
        error=type(problem).__name__,
        message=f"{problem} ({problem.hint})",
    )


def _store(source: Path, content: BinaryIO, target: Path) -> None:
    """Put a file's content in its place.

    Raises:
        UnwritableImage: the operating system refuses.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as temporary:
            with temporary.open("xb") as stream:
                shutil.copyfileobj(content, stream, _CHUNK)
            shutil.copymode(source, temporary)
            status = os.fstat(content.fileno())
            os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
    except OSError as error:
        raise unwritable(target, error) from error
