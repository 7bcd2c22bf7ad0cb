"""A file's content, read piece by piece as if it were bytes."""

from __future__ import annotations

import threading
from io import SEEK_END
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path


class FileSlices:
    """An open file; safe to use from several threads. Not mapped: a file may shrink meanwhile.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._stream: IO[bytes] = path.open("rb")
        self._length = self._stream.seek(0, SEEK_END)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._length)
        with self._lock:
            self._stream.seek(start)
            return self._stream.read(max(0, stop - start))

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
