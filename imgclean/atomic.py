"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import socket
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HOST = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())
_TEMPORARY = re.compile(r"^\.imgclean-(?P<host>[A-Za-z0-9-]*)-(?P<pid>\d+)-[0-9a-f]{12}\.part$")

_ELSEWHERE = "choose another output folder"
_HINTS = {
    errno.ENOSPC: f"free some space, or {_ELSEWHERE}",
    errno.EDQUOT: f"free some space, or {_ELSEWHERE}",
    errno.EFBIG: f"the disk holds no file so large: {_ELSEWHERE}",
    errno.EROFS: _ELSEWHERE,
    errno.EACCES: f"check the folder's permissions, or {_ELSEWHERE}",
    errno.EPERM: f"check the folder's permissions, or {_ELSEWHERE}",
    errno.ENOENT: "make the output folder first",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def refusal(target: Path, error: OSError) -> tuple[str, str]:
    """Say why the operating system does not write `target`, and what to do about it."""
    cause = os.strerror(error.errno).lower() if error.errno else str(error)
    return f"{target}: cannot be written: {cause}", _HINTS.get(error.errno or 0, "check the disk")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it takes the target's place.

    The content is on disk (fsync) before the rename, so that a crash leaves the old file or
    the new one. On any exception the temporary file is removed and `target` is untouched.
    The name carries the host and the process, so that runs that share a folder never meet.
    """
    temporary = target.with_name(f".imgclean-{_HOST}-{os.getpid()}-{uuid.uuid4().hex[:12]}.part")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(target)
        if os.name == "posix":
            with suppress(OSError):  # some network file systems cannot sync a folder
                _sync(target.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files in `folder` of processes on this host that no longer run."""
    for path in folder.glob(".imgclean-*.part"):
        match = _TEMPORARY.match(path.name)
        if match and match["host"] == _HOST and not _runs(int(match["pid"])):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _sync(path: Path) -> None:
    """Wait until a file or a folder is on disk. It may be read-only, except on Windows."""
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
