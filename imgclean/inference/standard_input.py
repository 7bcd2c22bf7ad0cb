"""An image that comes through a pipe."""

from __future__ import annotations

import os
import select
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 1 << 20  # bytes
_POLL_SECONDS = 0.1  # how soon a silent pipe lets a run end


def read_standard_input(is_stopping: Callable[[], bool]) -> bytes:
    """Return all that comes through stdin.

    Raises:
        UnreadableImage: the run is to end before it did.
    """
    if os.name != "posix":
        return sys.stdin.buffer.read()
    descriptor = sys.stdin.buffer.fileno()  # Python's own buffer would be locked at its exit
    content = BytesIO()
    while not is_stopping():
        if select.select([descriptor], [], [], _POLL_SECONDS)[0]:
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return content.getvalue()
            content.write(piece)
    raise UnreadableImage("stdin: the run was stopped while it was read")


def spooled(data: bytes) -> Path:
    """Return a temporary file with this content.

    Raises:
        UnreadableImage: there is no room for it.
    """
    path = None
    try:
        with tempfile.NamedTemporaryFile(prefix="imgclean-", suffix=".tif", delete=False) as stream:
            path = Path(stream.name)
            stream.write(data)
    except OSError as error:
        if path is not None:
            path.unlink()
        cause = os.strerror(error.errno).lower() if error.errno else str(error)
        raise UnreadableImage(
            f"stdin: cannot be stored while it is read: {cause}",
            hint="set TMPDIR to a folder with more room",
        ) from error
    return path
