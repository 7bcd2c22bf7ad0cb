"""What earlier runs finished in a folder, so that a run can be taken up again.

`.imgclean/journal.jsonl` holds one JSON object a line: `output` (path in the folder), `input`
(sha256 of the noisy file), `settings` (sha256 of all that shapes the result) and `result`
(sha256 of the clean file). A line is on disk before its output takes its place; where the file
does not have the hash of its line, that output never came to be.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock, Timeout

from imgclean.errors import OutputCollision
from imgclean.images.write import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FOLDER_NAME = ".imgclean"
_JOURNAL_NAME = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal."""

    output: str
    input: str
    settings: str
    result: str


class Journal:
    """The journal of one output folder, locked for one run; safe to use from several threads.

    Args:
        root: the folder.

    Raises:
        OutputCollision: another run is writing there.
        UnwritableImage: the folder cannot be made or written to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._writing = threading.Lock()
        self._path = path = root / FOLDER_NAME / _JOURNAL_NAME
        self._lock = FileLock(path.with_suffix(".lock"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            lines = _read_lines(path)
            self._stream = path.open("ab", buffering=0)
            if self._stream.tell() and not path.read_bytes().endswith(b"\n"):
                self._append(b"\n")  # a line that a crash cut short must not swallow the next
        except Timeout as error:
            raise OutputCollision(
                f"another run is writing to {root}", hint="wait for it, or choose another -o"
            ) from error
        except OSError as error:
            raise unwritable(root, error) from error
        self._entries = {entry.output: entry for entry in lines}
        self._results = {entry.result for entry in lines}
        self._done = {_done_by(entry) for entry in lines}

    def is_finished(self, output: Path, result: str, fingerprint: str, settings: str) -> bool:
        """Whether content with the hash `result` is what was last recorded for `output`.

        Args:
            output: the file.
            result: hash of its content.
            fingerprint: hash of the input.
            settings: key of the settings.
        """
        key = self._key(output)
        return self._entries.get(key) == Entry(key, fingerprint, settings, result)

    def is_result(self, fingerprint: str) -> bool:
        """Whether a file with this content is what an earlier run wrote, under whatever name."""
        return fingerprint in self._results

    def is_done(self, fingerprint: str, settings: Iterable[str]) -> bool:
        """Whether a run in place has nothing to do on a file with this content.

        An earlier run made the content; or it left it as it was, with one of these settings.
        """
        known = {(fingerprint, None), *((fingerprint, each) for each in settings)}
        return not known.isdisjoint(self._done)

    def adopt_neighbours(self) -> None:
        """Also know the results in the journals of parent folders and of folders below.

        So that `photos/` and `photos/trip/`, both cleaned in place, are not cleaned twice.
        """
        here = self._root.resolve()
        above = [parent / FOLDER_NAME / _JOURNAL_NAME for parent in here.parents]
        for path in (*above, *here.rglob(f"{FOLDER_NAME}/{_JOURNAL_NAME}")):
            with suppress(OSError):
                lines = _read_lines(path)
                self._results |= {entry.result for entry in lines}
                self._done |= {_done_by(entry) for entry in lines}

    def record(self, output: Path, fingerprint: str, settings: str, result: str) -> None:
        """Append a line, on disk when this returns. Call it before `output` takes its place.

        Raises:
            OSError: it cannot be written; the journal is as before.
        """
        entry = Entry(self._key(output), fingerprint, settings, result)
        with self._writing:
            self._append(json.dumps(asdict(entry)).encode() + b"\n")
            self._entries[entry.output] = entry
            self._results.add(entry.result)
            self._done.add(_done_by(entry))

    def close(self) -> None:
        """Release the folder to other runs."""
        self._stream.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, line: bytes) -> None:
        """Write a line whole or not at all: a full disk may take a part of it."""
        if not self._path.exists():  # somebody removed the folder, and no resume would find it
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path))
        end = self._stream.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(line):
                written += self._stream.write(line[written:])
            os.fsync(self._stream.fileno())
        except OSError:
            with suppress(OSError):
                self._stream.truncate(end)
            raise

    def _key(self, output: Path) -> str:
        return output.relative_to(self._root).as_posix()


def journaled_outputs(root: Path) -> set[Path]:
    """Return the outputs that the journal of `root` lists; only these may a resume replace."""
    return {root / entry.output for entry in _read_lines(root / FOLDER_NAME / _JOURNAL_NAME)}


def sha256_of(content: bytes) -> str:
    """Return the hash in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the hash of a file's content, read piece by piece.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def settings_key(settings: dict[str, Any]) -> str:
    """Return a hash of JSON-able settings, the same for the same settings."""
    return sha256_of(json.dumps(settings, sort_keys=True).encode())


def _done_by(entry: Entry) -> tuple[str, str | None]:
    """Return a result and, where it is the input itself, the settings that have left it so."""
    return entry.result, entry.settings if entry.result == entry.input else None


def _read_lines(path: Path) -> list[Entry]:
    """Return the journal's lines in order; damaged ones are passed by."""
    lines: list[Entry] = []
    if not path.exists():
        return lines
    for line in path.read_bytes().splitlines():
        with suppress(ValueError, TypeError):
            lines.append(Entry(**json.loads(line)))
    return lines
