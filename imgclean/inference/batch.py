"""The way of an image through the program: read, denoise, write, journal, event.

Reading and writing run on threads of their own, ahead of and behind the denoiser, through
queues bounded in bytes. One bad file fails alone.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import closing
from typing import TYPE_CHECKING

from imgclean.atomic import remove_leftovers, replacing
from imgclean.errors import ImageError, ImgcleanError, UnwritableImage, one_line
from imgclean.events import Done, Emit, Failed, Planned, Progressed, Skipped, Summary
from imgclean.images.pixels import sample_range
from imgclean.images.rasters import PixelRaster, PixelSink
from imgclean.images.write import encode_image, unwritable
from imgclean.inference.flow import ByteBudget, ReadAhead, WriteBehind
from imgclean.inference.introductions import Introductions
from imgclean.inference.records import Records
from imgclean.inference.sources import read_source
from imgclean.interruption import Interruption

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.model_info import Precision
    from imgclean.images.picture import Picture
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.plan import FileRules, Job, Plan
    from imgclean.inference.selection import Selection
    from imgclean.inference.sources import Source

_BYTES_IN_FLIGHT = 256 * 2**20  # decoded images that wait, on each side of the denoiser
_READERS = 2
_WRITERS = 2


class Batch:
    """One run over a plan.

    Args:
        plan: what to clean.
        selection: the denoisers.
        rules: which finished files to leave alone, and the quality to write.
        emit: gets the events, on the calling thread.
    """

    def __init__(self, plan: Plan, selection: Selection, rules: FileRules, emit: Emit) -> None:
        self._plan = plan
        self._selection = selection
        self._rules = rules
        self._emit = emit
        self._introductions = Introductions(emit)
        self._counts = {"done": 0, "failed": 0, "skipped": 0}
        self._pixels = 0

    def run(self) -> Summary:
        """Clean every image of the plan.

        Returns:
            How many files went which way, also emitted last.

        Raises:
            KeyboardInterrupt: the user asked to stop. The file that was being denoised is
                discarded, those being written are finished, the summary is emitted.
            OutputCollision: another run is writing to the same folder.
        """
        started = time.monotonic()
        reading, writing = ByteBudget(_BYTES_IN_FLIGHT), ByteBudget(_BYTES_IN_FLIGHT)
        jobs = self._plan.jobs
        with Records(jobs, self._rules) as records, Interruption() as interruption:
            for folder in {job.output.parent for job in jobs}:
                remove_leftovers(folder)
            writer: WriteBehind[Done | Failed] = WriteBehind(writing, _WRITERS)
            sources = ReadAhead(
                jobs,
                lambda job: read_source(job, records, self._selection.denoisers),
                lambda source: source.size,
                budget=reading,
                threads=_READERS,
                check=interruption.raise_if_requested,
            )
            try:
                with closing(iter(sources)) as ahead:
                    for source in ahead:
                        self._clean(source, records, writer, interruption)
                        reading.release(source.size)
                        self._count(writer.finished())
            finally:
                self._count(writer.drain())
                summary = self._summary(time.monotonic() - started)
                self._emit(summary)
        return summary

    def _clean(
        self,
        source: Source,
        records: Records,
        writer: WriteBehind[Done | Failed],
        interruption: Interruption,
    ) -> None:
        """Denoise one image and hand it to the writer."""
        picture = source.content
        if picture is None:
            self._count([Skipped(input=str(source.job.input), output=str(source.job.output))])
            return
        if isinstance(picture, ImgcleanError):
            self._count([_failed(source.job, picture)])
            return
        denoiser = self._selection.denoiser(picture.channels)
        self._introductions.introduce(denoiser, picture)
        started = time.monotonic()
        try:
            clean, precision = self._denoise(denoiser, picture, source.job, interruption)
        except ImageError as error:
            self._count([_failed(source.job, error)])
            return
        self._pixels += picture.width * picture.height
        seconds = source.seconds + time.monotonic() - started
        writer.submit(
            lambda: self._write(source, records, clean, denoiser, precision, seconds),
            clean.samples.nbytes,
        )

    def _denoise(
        self, denoiser: Denoiser, picture: Picture, job: Job, interruption: Interruption
    ) -> tuple[Picture, Precision]:
        colour = picture.colour
        span = sample_range(colour, name=str(job.input))
        sink = PixelSink((picture.channels, picture.height, picture.width), span)
        total = picture.width * picture.height
        finished = 0

        def on_pixels(count: int) -> None:
            nonlocal finished
            interruption.raise_if_requested()
            finished += count
            self._emit(
                Progressed(
                    input=str(job.input),
                    share=min(1.0, finished / total),
                    megapixels=count / 1e6,
                )
            )

        try:
            precision = denoiser.denoise(
                PixelRaster(colour, span), sink, dtype=picture.dtype, on_pixels=on_pixels
            )
        except ImageError as error:
            raise error.about(job.input) from error
        return picture.with_colour(sink.samples), precision

    def _write(
        self,
        source: Source,
        records: Records,
        clean: Picture,
        denoiser: Denoiser,
        precision: Precision,
        seconds: float,
    ) -> Done | Failed:
        """Encode and store one image, on a writing thread."""
        job = source.job
        started = time.monotonic()
        try:
            content = encode_image(clean, job.format or clean.format, self._rules.quality)
            _store(job, content, lambda: records.record(job, source.fingerprint, denoiser, content))
        except OSError as error:
            return _failed(job, unwritable(job.output, error))
        except ImgcleanError as error:
            return _failed(job, error.about(job.output))
        except Exception as error:  # noqa: BLE001 - one bad file must not end the run
            return _failed(job, UnwritableImage(f"{job.output}: {one_line(error)}"))
        return Done(
            input=str(job.input),
            output=str(job.output),
            width=clean.width,
            height=clean.height,
            pages=1,
            dtype=str(clean.dtype),
            model=denoiser.info.name,
            weights=denoiser.weights.name,
            device=str(self._selection.device),
            precision=precision,
            seconds=round(seconds + time.monotonic() - started, 3),
        )

    def _count(self, events: list[Done | Failed] | list[Failed] | list[Skipped]) -> None:
        for event in events:
            self._counts[event.event] += 1
            self._emit(event)

    def _summary(self, seconds: float) -> Summary:
        return Summary(
            **self._counts,
            ignored=self._plan.ignored,
            megapixels=round(self._pixels / 1e6, 3),
            seconds=round(seconds, 3),
        )


def announce(plan: Plan, selection: Selection, emit: Emit) -> None:
    """Emit a `Planned` event for each image instead of cleaning it; nothing is read or written."""
    models = {each.info.name for each in selection.denoisers}
    weights = {each.weights.name for each in selection.denoisers}
    for job in plan.jobs:
        emit(
            Planned(
                input=str(job.input),
                output=str(job.output),
                model=next(iter(models)) if len(models) == 1 else None,
                weights=next(iter(weights)) if len(weights) == 1 else None,
                device=str(selection.device),
            )
        )


def _failed(job: Job, error: ImgcleanError) -> Failed:
    message = f"{error} ({error.hint})" if error.hint else str(error)
    return Failed(
        input=str(job.input), output=str(job.output), error=type(error).__name__, message=message
    )


def _store(job: Job, content: bytes, record: Callable[[], None]) -> None:
    """Put the clean file in its place, with the input's mode and modification time."""
    job.output.parent.mkdir(parents=True, exist_ok=True)
    with replacing(job.output) as temporary:
        temporary.write_bytes(content)
        status = job.input.stat()
        shutil.copymode(job.input, temporary)
        os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
        record()
