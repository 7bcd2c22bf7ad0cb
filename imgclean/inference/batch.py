"""The way of an image through the program: read, denoise, write, journal, event.

Reading and writing run on threads of their own, ahead of and behind the denoiser, through
queues bounded in bytes. A stack takes the same way plane by plane. One bad file fails alone.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from imgclean.errors import ImageError, ImgcleanError, UnreadableImage, UnwritableImage, one_line
from imgclean.events import Denoised, Done, Emit, Failed, Skipped
from imgclean.images.formats import format_by_name
from imgclean.images.picture import Picture
from imgclean.images.read import TRY_OTHER_COPY
from imgclean.images.write import encode_image, unwritable
from imgclean.inference.flow import ByteBudget, ReadAhead, WriteBehind
from imgclean.inference.outputs import keep, put_bytes, put_files
from imgclean.inference.picture_run import clean_picture
from imgclean.inference.reports import (
    Progress,
    done,
    failed,
    left_out,
    nearly_empty,
)
from imgclean.inference.residual import encoded_residual
from imgclean.inference.said import unsaid
from imgclean.inference.source import Finished
from imgclean.inference.sources import Reader, format_of_output, require_unchanged
from imgclean.inference.stack_run import clean_stack
from imgclean.inference.stack_source import StackSource
from imgclean.inference.unchanged import is_same_file, original_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from imgclean.extension.model_info import Precision
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import FileRules, Job
    from imgclean.inference.records import Bookkeeping
    from imgclean.inference.source import Source
    from imgclean.inference.stack_run import StackResult
    from imgclean.inference.treatment import Tool, Treatment
    from imgclean.interruption import Interruption

_STACKS = "tiff"
_BYTES_IN_FLIGHT = 256 * 2**20  # decoded images that wait, on each side of the denoiser
_THREADS = max(2, min(8, (os.cpu_count() or 1) // 4))  # that read, and as many that write


class Batch:
    """The images of a run, or those that one worker of it is given, on their way.

    Args:
        treatment: what is done with each image.
        rules: which finished files to leave alone, and the quality to write.
        emit: gets the events, on the calling thread by default.
        image_rules: what is done with each image around the denoising.
        records: what is finished, and what becomes so.
        interruption: whether the user asked to stop.
        is_emit_threadsafe: an image is reported by the thread that wrote it, at once.
    """

    def __init__(
        self,
        treatment: Treatment,
        rules: FileRules,
        emit: Emit,
        *,
        image_rules: ImageRules,
        records: Bookkeeping,
        interruption: Interruption,
        is_emit_threadsafe: bool = False,
    ) -> None:
        self._treatment = treatment
        self._rules = rules
        self._emit = emit
        self._image_rules = image_rules
        self._records = records
        self._interruption = interruption
        self._writer: WriteBehind[Done | Failed] = WriteBehind(
            ByteBudget(_BYTES_IN_FLIGHT), _THREADS, emit if is_emit_threadsafe else None
        )

    def run(self, jobs: Iterable[Job], *, end_jobs: Callable[[], None] = lambda: None) -> None:
        """Clean every image; to be called once.

        Args:
            jobs: may come one by one.
            end_jobs: called where the run ends before they do; has a wait for the next one end.

        Raises:
            KeyboardInterrupt: the user asked to stop. The file that was being denoised is
                discarded, those being written are finished.
        """
        reading = ByteBudget(_BYTES_IN_FLIGHT)
        reader = Reader(
            self._records,
            self._treatment.denoisers,
            self._image_rules,
            scale=self._treatment.scale,
            is_stopping=lambda: self._interruption.requested,
        )
        sources = ReadAhead(
            jobs,
            reader.read,
            lambda source: source.size,
            budget=reading,
            threads=_THREADS,
            check=self._look_around,
            end_items=end_jobs,
        )
        try:
            with closing(iter(sources)) as ahead:
                for source in ahead:
                    self._clean(source)
                    reading.release(source.size)
        finally:
            self._report(self._writer.drain())

    def _look_around(self) -> None:
        """Report what was written meanwhile, and stop where the user asked to."""
        self._report(self._writer.finished())
        self._interruption.raise_if_requested()

    def _clean(self, source: Source) -> None:
        """Denoise what was read, and have it written."""
        job, content = source.job, source.content
        if isinstance(content, Finished):
            self._report([_skipped(job, content)])
            return
        if isinstance(content, ImgcleanError):
            self._report([failed(job, content)])
            return
        if isinstance(content, StackSource):
            with closing(content):
                self._report([self._clean_stack(source, content)])
        else:
            self._clean_picture(source, content)

    def _clean_picture(self, source: Source, picture: Picture) -> None:
        tool = self._treatment.choose(source.job, picture, 1)
        started = time.monotonic()
        scale = self._treatment.scale
        total = picture.width * picture.height * scale**2
        progress = Progress(source.job, total, self._emit, self._interruption)
        try:
            result = clean_picture(
                picture, tool, self._image_rules, scale=scale, on_pixels=progress.advance
            )
        except ImageError as error:
            self._report([failed(source.job, error.about(source.job.input))])
            return
        if result.nearly_empty:
            self._emit(nearly_empty(source.job))
        clean = result.picture
        self._emit(Denoised(pixels=total))
        is_same = tool.leaves_it and self._is_same_file(source.job, picture.format)
        if not is_same:
            self._remark(source)
            target = format_by_name(format_of_output(source.job, clean))
            rules = tool.rules(self._image_rules)
            for text in unsaid(picture.metadata, clean.metadata, picture.format, target, rules):
                self._emit(left_out(source.job, text))
        seconds = source.seconds + time.monotonic() - started
        self._writer.submit(
            lambda: self._write(source, clean, tool, result.precision, seconds, is_same=is_same),
            clean.samples.nbytes * len(source.job.parts),
        )

    def _write(
        self,
        source: Source,
        clean: Picture,
        tool: Tool,
        precision: Precision | None,
        seconds: float,
        *,
        is_same: bool,
    ) -> Done | Failed:
        """Encode and store one image, or copy its file, on a writing thread."""
        job = part = source.job
        started = time.monotonic()
        try:
            for part in job.parts:
                record = partial(self._record, source, tool.denoiser, part)
                if part is not job or not is_same:
                    put_bytes(self._encoded(source, clean, part), part, source.status, record)
                elif job.output == job.input and not job.to_stdout:
                    keep(job, source.status, record, source.fingerprint)
                else:
                    put_bytes(original_of(source), job, source.status, record)
        except OSError as error:
            return failed(job, unwritable(part.output, error))
        except ImgcleanError as error:
            return failed(job, error)
        except Exception as error:  # noqa: BLE001 - one bad file must not end the run
            return failed(job, UnwritableImage(f"{part.output}: {one_line(error)}"))
        return done(
            job,
            tool.denoiser,
            width=clean.width,
            height=clean.height,
            pages=1,
            dtype=clean.dtype,
            precision=precision,
            strength=tool.chosen_strength,
            seconds=seconds + time.monotonic() - started,
        )

    def _encoded(self, source: Source, clean: Picture, part: Job) -> bytes:
        """Return the content of a file of the job's; errors name it."""
        try:
            if part is source.job.residual:
                assert isinstance(source.content, Picture)  # noqa: S101 - for the type
                return encoded_residual(source.content, clean, part)
            return encode_image(
                clean,
                format_of_output(part, clean),
                self._rules.quality,
                least_quality=self._rules.least_quality,
            )
        except ImgcleanError as error:
            raise error.about(part.output) from error

    def _clean_stack(self, source: Source, stack: StackSource) -> Done | Failed:
        """Denoise a stack into its file."""
        job = source.job
        started = time.monotonic()

        def make(target: Path, residual: Path | None) -> StackResult:
            scale = self._treatment.scale
            progress = Progress(job, stack.pixels * scale**2, self._emit, self._interruption)
            result = clean_stack(
                stack,
                target,
                self._image_rules,
                scale=scale,
                least_quality=self._rules.least_quality,
                job=job,
                residual=residual,
                choose=lambda plane: self._treatment.choose(job, plane.like, plane.number + 1),
                on_pixels=progress.advance,
            )
            if result.left and self._is_same_file(job, _STACKS):
                shutil.copyfile(stack.path, target)
            if source.status is not None:
                require_unchanged(job.input, source.status)
            return result

        def record(part: Job, made: StackResult, hashed: str) -> None:
            self._record(source, made.denoiser, part, hashed)

        try:
            result = put_files(make, job, source.status, record)
        except Exception as error:  # noqa: BLE001 - one bad file must not end the run
            return _failed_stack(job, error)
        if not (result.left and self._is_same_file(job, _STACKS)):
            self._remark(source)
        self._emit(Denoised(pixels=result.pixels))
        if result.nearly_empty:
            self._emit(nearly_empty(job, result.nearly_empty, len(stack)))
        return done(
            job,
            result.denoiser,
            width=result.width,
            height=result.height,
            pages=len(stack),
            dtype=result.dtype,
            precision=result.precision,
            strength=result.strength,
            seconds=source.seconds + time.monotonic() - started,
        )

    def _record(self, source: Source, denoiser: Denoiser | None, part: Job, result: str) -> None:
        """Note that content of the hash `result` is about to become a file of the job's."""
        if denoiser is not None:
            self._records.record(part, source.fingerprint, denoiser.identity, result)

    def _is_same_file(self, job: Job, own: str) -> bool:
        return is_same_file(job, own, self._rules, self._image_rules)

    def _remark(self, source: Source) -> None:
        """Say what of a file is not in the clean one."""
        for remark in source.remarks:
            self._emit(left_out(source.job, f"{remark} are left out"))

    def _report(self, events: Iterable[Done | Failed | Skipped]) -> None:
        for event in events:
            self._emit(event)


def _failed_stack(job: Job, error: Exception) -> Failed:
    """Report what went wrong with a stack; what is no file's, a setting say, is raised again."""
    if isinstance(error, UnwritableImage):
        return failed(job, error)
    if isinstance(error, ImageError):
        if isinstance(error, UnreadableImage):
            error.hint = error.hint or TRY_OTHER_COPY
        return failed(job, error.about(job.input))
    if isinstance(error, ImgcleanError):
        raise error
    if isinstance(error, OSError):
        return failed(job, unwritable(job.output, error))
    message = f"{job.input}: damaged: {one_line(error)}"
    return failed(job, UnreadableImage(message, hint=TRY_OTHER_COPY))


def _skipped(job: Job, finished: Finished) -> Skipped | Failed:
    """Report that nothing is left to do; a pipe gets the image as it came."""
    try:
        if finished.original:
            put_bytes(finished.original, job, None, lambda _: None)
    except OSError as error:
        return failed(job, unwritable(job.output, error))
    return Skipped(input=str(job.input), output=str(job.output), message=finished.reason)
