"""A file that grows by whole pieces."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class AppendedFile:
    """A file whose pieces are each handed to the system at once.

    Nothing waits in this process: a kill leaves every piece but the one that is being written.
    What a full disk left of a piece is cut off before the next.

    Args:
        path: the file, which exists.
        size: its whole pieces, in bytes.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    @property
    def intact(self) -> bool:
        """Whether the file is still there, with all that was appended."""
        return self._path.exists() and self._path.stat().st_size >= self._size

    def append(self, piece: bytes) -> None:
        """Append a piece.

        Raises:
            OSError: the system refuses; the piece is lost, and the next may be appended.
        """
        with self._path.open("r+b", buffering=0) as file:
            file.truncate(self._size)
            file.seek(0, os.SEEK_END)
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]
        self._size += len(piece)
