"""What a path that was named as input is, and whether it is still so."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from imgclean.errors import InputNotFound, InvalidSetting

if TYPE_CHECKING:
    from pathlib import Path


def is_changed(path: Path, before: os.stat_result) -> bool:
    """Whether a file was written to, or replaced, since it had the status `before`.

    One that was removed meanwhile was not: what was read of it is whole.
    """
    try:
        now = path.stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


def is_folder(path: Path, place: str = "") -> bool:
    """Whether an input is a folder rather than a file; links are followed, nothing is opened.

    Args:
        path: the input.
        place: where it was named, as messages begin; empty for the command line.

    Raises:
        InputNotFound: it does not exist, or cannot be reached.
        InvalidSetting: it is a pipe, a socket or a device.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        what = "is a link to nothing" if path.is_symlink() else "does not exist"
        raise InputNotFound(f"{place}{path} {what}") from error
    except OSError as error:
        cause = os.strerror(error.errno).lower() if error.errno else str(error)
        raise InputNotFound(f"{place}{path}: cannot be opened: {cause}") from error
    if stat.S_ISDIR(mode):
        return True
    if stat.S_ISREG(mode):
        return False
    raise InvalidSetting(
        f"{place}{path} is neither a file nor a folder",
        hint="- as the input reads an image from stdin",
    )
