"""Reads the inputs of a run."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, NamedTuple

from imgclean.errors import (
    ImgcleanError,
    UnreadableImage,
    UnsupportedImage,
    UnwritableImage,
    one_line,
)
from imgclean.images.formats import format_by_name, recognise_bytes, written_format
from imgclean.images.metadata.provenance import provenance_in
from imgclean.images.read import decode_image, naming_damage, read_bytes, unreadable
from imgclean.images.signatures import HEAD_BYTES
from imgclean.images.write import require_fit
from imgclean.inference.inputs import is_changed
from imgclean.inference.journal import sha256_of, sha256_of_file
from imgclean.inference.residual import require_residual_fit
from imgclean.inference.said import task_noted
from imgclean.inference.source import Content, Finished, Source
from imgclean.inference.stack_source import StackSource, open_stack
from imgclean.inference.standard_input import read_standard_input, spooled

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from imgclean.images.picture import Picture
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import Job
    from imgclean.inference.records import Bookkeeping


class _Read(NamedTuple):
    fingerprint: str
    content: Content
    remarks: tuple[str, ...] = ()
    original: bytes = b""


class Reader:
    """Reads the inputs of a run; safe to use from several threads.

    Args:
        records: what earlier runs finished.
        denoisers: any of which may have done so.
        rules: what of an image is wanted.
        scale: pixels of what is written, along each side, for one of what is read.
        is_stopping: whether the run is to end, however long a pipe keeps silent.
    """

    def __init__(
        self,
        records: Bookkeeping,
        denoisers: Sequence[Denoiser],
        rules: ImageRules,
        *,
        scale: int = 1,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._records = records
        self._tasks = {each.settings.task for each in denoisers} or {"denoise"}
        self._scale = scale
        self._identities = tuple(each.identity for each in denoisers)
        self._rules = rules
        self._is_stopping = is_stopping

    def read(self, job: Job) -> Source:
        """Read one file; what goes wrong with it is its content."""
        started = time.monotonic()
        status = None
        read = _Read("", Finished())
        try:
            status = None if job.from_stdin else _status(job.input)
            read = self._from_stdin(job) if job.from_stdin else self._file(job)
            if status is not None:
                with naming_damage("file", job.input):
                    require_unchanged(job.input, status)
        except ImgcleanError as error:
            if isinstance(read.content, StackSource):
                read.content.close()
            read = _Read("", error)
        except Exception as error:  # noqa: BLE001 - one bad file must not end the run
            read = _Read("", UnreadableImage(f"{job.input}: {one_line(error)}"))
        seconds = time.monotonic() - started
        return Source(
            job, read.content, read.fingerprint, read.remarks, status, seconds, read.original
        )

    def _from_stdin(self, job: Job) -> _Read:
        data = read_standard_input(self._is_stopping)
        if not _is_tiff(data[:HEAD_BYTES]):
            return _Read(sha256_of(data), self._decoded(job, data, "stdin"), original=data)
        path = spooled(data)  # a stack is read piece by piece, which a pipe does not allow
        try:
            read = self._tiff(job, path, "stdin")
        except BaseException:
            path.unlink()
            raise
        if isinstance(read.content, StackSource):
            read.content.on_close = path.unlink
            return read
        path.unlink()
        return read._replace(original=data)

    def _file(self, job: Job) -> _Read:
        try:
            with job.input.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
        except OSError as error:
            raise unreadable(job.input, error) from error
        if _is_tiff(head):
            return self._tiff(job, job.input, str(job.input))
        return self._whole(job, job.input)

    def _whole(self, job: Job, path: Path) -> _Read:
        data = read_bytes(path, self._rules.reading)
        fingerprint = sha256_of(data)
        if self._records.is_finished(job, fingerprint, self._identities):
            return _Read(fingerprint, Finished())
        return _Read(fingerprint, self._decoded(job, data, str(job.input)))

    def _tiff(self, job: Job, path: Path, name: str) -> _Read:
        """Return a single image of moderate size as a picture, else a stack that streams."""
        with naming_damage("TIFF", name):
            stack = open_stack(path, self._rules)
        if stack.stack.is_small:
            stack.close()
            return self._whole(job, path)._replace(remarks=stack.stack.left_out)
        try:
            fingerprint = sha256_of_file(path)
            if self._records.is_finished(job, fingerprint, self._identities):
                content: Content = Finished()
            else:
                with naming_damage("TIFF", name):
                    content = self._of_stack(job, stack)
        except BaseException:
            stack.close()
            raise
        if not isinstance(content, StackSource):
            stack.close()
        return _Read(fingerprint, content, stack.stack.left_out)

    def _of_stack(self, job: Job, stack: StackSource) -> Content:
        if done := self._done_before(stack.xmp):
            original = stack.path.read_bytes() if job.to_stdout else b""
            return dataclasses.replace(done, original=original)
        if stack.is_one_picture or (len(stack) == 1 and job.format not in (None, "tiff")):
            return self._fitting(job, stack.picture())
        if job.format not in (None, "tiff"):
            raise UnsupportedImage(
                f"a TIFF of {len(stack)} images cannot be written as {job.format}",
                hint="use --format tiff, or choose one image with --pages",
            )
        return stack

    def _decoded(self, job: Job, data: bytes, name: str) -> Content:
        picture = decode_image(data, name, self._rules.reading)
        if done := self._done_before(picture.metadata.xmp):
            return dataclasses.replace(done, original=data if job.to_stdout else b"")
        with naming_damage(picture.format, name):
            picture = self._rules.choose_from(picture)
        return self._fitting(job, picture)

    def _fitting(self, job: Job, picture: Picture) -> Picture:
        """Return a picture; refuse one that could not be written, or whose residual could not."""
        try:
            target = format_by_name(format_of_output(job, picture))
            require_fit(picture, target, scale=self._scale)
        except UnwritableImage as error:
            raise error.about(job.output) from error
        if job.residual is not None:
            require_residual_fit(picture, job.residual)
        return picture

    def _done_before(self, xmp: bytes | None) -> Finished | None:
        if self._rules.again:
            return None
        for noted in reversed(provenance_in(xmp) if xmp else ()):
            if task_noted(noted) in self._tasks:
                agent = noted.partition(":")[0]
                return Finished(f"cleaned before by {agent}; --again cleans it anew")
        return None


def format_of_output(job: Job, picture: Picture) -> str:
    """Return the name of the format that a picture is written in."""
    return job.format or written_format(picture.format)


def require_unchanged(path: Path, before: os.stat_result) -> None:
    """Refuse a file that was written to while it was read.

    Raises:
        UnreadableImage: it was; the message does not name it.
    """
    if is_changed(path, before):
        raise UnreadableImage(
            "was changed while it was read", hint="run again when nothing writes to it"
        )


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise unreadable(path, error) from error


def _is_tiff(head: bytes) -> bool:
    recognised = recognise_bytes(head)
    return bool(recognised and recognised.format and recognised.format.name == "tiff")
