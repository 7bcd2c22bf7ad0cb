"""Puts a clean image in its place: a file that appears whole or not at all, or stdout."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from imgclean.atomic import replacing
from imgclean.errors import UnwritableImage
from imgclean.images.write import unwritable
from imgclean.inference.inputs import is_changed
from imgclean.inference.journal import sha256_of, sha256_of_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.inference.jobs import Job

_Result = TypeVar("_Result")
_PIECE = 1 << 20


def put_bytes(
    content: bytes,
    job: Job,
    status: os.stat_result | None,
    record: Callable[[str], None],
) -> None:
    """Write a file's content as a job's output.

    Args:
        content: the whole file.
        job: says where.
        status: of the input, whose mode and modification time the output gets; None for none.
        record: called with the hash of the content before the output takes its place.

    Raises:
        OSError: it cannot be written.
        UnwritableImage: the output folder was removed, or the input that would be replaced was
            written to since it was read; the message names the output.
    """
    if job.to_stdout:
        _standard_output().write(content)
        _standard_output().flush()
        return
    _make_folder(job)
    with replacing(job.output) as temporary:
        temporary.write_bytes(content)
        _dress(temporary, status)
        _require_unchanged(job, status)
        record(sha256_of(content))


def keep(job: Job, status: os.stat_result | None, record: Callable[[str], None], held: str) -> None:
    """Leave an input that is a job's output where it is, and have that recorded.

    Args:
        job, status, record: as for `put_bytes`.
        held: hash of its content.

    Raises:
        OSError: it cannot be recorded.
        UnwritableImage: it was written to since it was read; the message names it.
    """
    _require_unchanged(job, status)
    record(held)


def put_file(
    make: Callable[[Path], _Result],
    job: Job,
    status: os.stat_result | None,
    record: Callable[[_Result, str], None],
) -> _Result:
    """Have a job's output made in a file of its own, and put it in its place.

    Args:
        make: makes the file at the path that it is given; what it raises leaves no trace.
        job, status: as for `put_bytes`.
        record: called with what `make` returned and the file's hash.

    Raises:
        OSError, UnwritableImage: as for `put_bytes`.
    """
    if job.to_stdout:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, "clean")
            result = make(made)
            with made.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    _standard_output().write(piece)
            _standard_output().flush()
        return result
    _make_folder(job)
    with replacing(job.output) as temporary:
        result = make(temporary)
        _dress(temporary, status)
        hashed = sha256_of_file(temporary)
        _require_unchanged(job, status)
        record(result, hashed)
    return result


def put_files(
    make: Callable[[Path, Path | None], _Result],
    job: Job,
    status: os.stat_result | None,
    record: Callable[[Job, _Result, str], None],
) -> _Result:
    """Have a job's output and its residual, if that is wanted, made together.

    The residual is in its place before the output is: once that is, also in place of the input,
    nothing is left to do.

    Args:
        make: makes both at the paths that it is given.
        job, status: as for `put_bytes`.
        record: called for each with its job, what `make` returned, and the file's hash.

    Raises:
        OSError, UnwritableImage: as for `put_bytes`; what concerns the residual names it.
    """

    def make_both(target: Path) -> _Result:
        part = job.residual
        if part is None:
            return make(target, None)
        try:
            made: _Result = put_file(partial(make, target), part, status, partial(record, part))
        except OSError as error:
            raise unwritable(part.output, error) from error
        return made

    result: _Result = put_file(make_both, job, status, partial(record, job))
    return result


def _make_folder(job: Job) -> None:
    """Make an output's folder, but not the one that holds the journal: that is there, or gone."""
    if job.root is not None and not job.root.exists():
        raise UnwritableImage(
            f"{job.output}: cannot be written: the folder {job.root} was removed",
            hint="leave it there until the run is over",
        )
    job.output.parent.mkdir(parents=True, exist_ok=True)


def _require_unchanged(job: Job, status: os.stat_result | None) -> None:
    """Refuse to replace an input that somebody wrote to since it was read."""
    if status is not None and job.output == job.input and is_changed(job.input, status):
        raise UnwritableImage(
            f"{job.output}: was changed while it was cleaned",
            hint="run again when nothing writes to it",
        )


def _dress(path: Path, status: os.stat_result | None) -> None:
    """Give a file the mode and the modification time of another."""
    if status is not None:
        path.chmod(stat.S_IMODE(status.st_mode))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _standard_output() -> BinaryIO:
    stdout = sys.__stdout__  # sys.stdout leads to stderr while a run is reported
    if stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return cast("BinaryIO", stdout.buffer)
