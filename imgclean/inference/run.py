"""One run over a plan: what stands around the cleaning, wherever that takes place."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from imgclean.atomic import remove_leftovers
from imgclean.events import Denoised, Done, Emit, Failed, Skipped, Summary
from imgclean.inference.batch import Batch
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.records import Records
from imgclean.interruption import Interruption

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgclean.inference.jobs import FileRules, Job, Plan
    from imgclean.inference.treatment import Treatment

Work = Callable[[Records, Interruption, Emit], None]
"""Cleans the images of a plan, in this process or in others."""


def run_plan(
    plan: Plan, work: Work, rules: FileRules, emit: Emit, image_rules: ImageRules
) -> Summary:
    """Clean every image of a plan.

    Args:
        plan: what to clean.
        work: does it.
        rules: which finished files to leave alone, and the quality to write.
        emit: gets the events, on the calling thread.
        image_rules: what is done with each image around the denoising.

    Returns:
        How many files went which way, also emitted last.

    Raises:
        KeyboardInterrupt: the user asked to stop. The files that were being denoised are
            discarded, those being written are finished, the summary is emitted.
        OutputCollision: another run is writing to the same folder.
        UnwritableImage: no journal can be written.
    """
    started = time.monotonic()
    tally = _Tally(emit)
    with Records(plan.jobs, rules, image_rules) as records, Interruption() as interruption:
        for folder in {part.output.parent for job in plan.jobs for part in job.parts}:
            remove_leftovers(folder)
        try:
            work(records, interruption, tally)
        finally:
            summary = tally.summary(plan.ignored, time.monotonic() - started)
            emit(summary)
    return summary


def in_process(
    jobs: Iterable[Job], treatment: Treatment, rules: FileRules, image_rules: ImageRules
) -> Work:
    """Return the work that treats the images in this process."""

    def work(records: Records, interruption: Interruption, emit: Emit) -> None:
        batch = Batch(
            treatment,
            rules,
            emit,
            image_rules=image_rules,
            records=records,
            interruption=interruption,
        )
        batch.run(jobs)

    return work


def run_here(
    plan: Plan,
    treatment: Treatment,
    rules: FileRules,
    emit: Emit,
    *,
    image_rules: ImageRules | None = None,
) -> Summary:
    """Treat every image of a plan in this process; the rest as of `run_plan`."""
    image_rules = image_rules or ImageRules()
    work = in_process(plan.jobs, treatment, rules, image_rules)
    return run_plan(plan, work, rules, emit, image_rules)


class _Tally:
    """Passes events on and counts which way the files went."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._counts: Counter[str] = Counter()
        self._pixels = 0

    def __call__(self, event: object) -> None:
        if isinstance(event, Denoised):
            self._pixels += event.pixels
            return
        if isinstance(event, Done | Failed | Skipped):
            self._counts[event.event] += 1
        self._emit(event)

    def summary(self, ignored: int, seconds: float) -> Summary:
        return Summary(
            done=self._counts["done"],
            failed=self._counts["failed"],
            skipped=self._counts["skipped"],
            ignored=ignored,
            megapixels=round(self._pixels / 1e6, 3),
            seconds=round(seconds, 3),
        )
