"""Runs over files that several commands share."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting
from imgclean.events import Failed, Note, Summary

if TYPE_CHECKING:
    from imgclean.events import Emit
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import FileRules, Plan
    from imgclean.inference.run import Work


def check_streams(plan: Plan, *, json_lines: bool, dry_run: bool) -> None:
    """Refuse an image on stdout that something else would spoil, and one that a person types."""
    if any(job.to_stdout for job in plan.jobs):
        if json_lines:
            raise InvalidSetting("--json and an image cannot both go to stdout")
        if sys.stdout.isatty() and not dry_run:
            raise InvalidSetting(
                "an image does not go to a terminal", hint="send it to a file, as > clean.png"
            )
    if any(job.from_stdin for job in plan.jobs) and sys.stdin.isatty() and not dry_run:
        raise InvalidSetting("there is no image on stdin", hint="pipe one in, or name a file")


def run_batch(plan: Plan, work: Work, rules: FileRules, images: ImageRules, emit: Emit) -> Summary:
    """Have the images treated, copy the other files, and emit the summary of both last."""
    from imgclean.inference.copying import copy_others
    from imgclean.inference.run import run_plan

    summary: Summary | None = None

    def hold(event: object) -> None:
        nonlocal summary
        if isinstance(event, Summary):
            summary = event
        else:
            emit(event)

    failed = warn(plan, emit)
    try:
        finished = run_plan(plan, work, rules, hold, images)
        failed += copy_others(plan, rules, emit)
    except KeyboardInterrupt:
        if any(job.root for job in plan.jobs):
            emit(Note(message="interrupted; --resume goes on from here"))
        raise
    finally:
        if summary is not None:
            emit(dataclasses.replace(summary, failed=summary.failed + failed))
    return dataclasses.replace(finished, failed=finished.failed + failed)


def warn(plan: Plan, emit: Emit) -> int:
    """Say what there is to know before the run; return how many folders cannot be listed."""
    for sentence in plan.notes:
        emit(Note(message=sentence))
    for folder, reason in plan.unreadable:
        message = f"{folder}: cannot be opened: {reason} (check its permissions)"
        emit(Failed(input=str(folder), error="UnreadableImage", message=message))
    return len(plan.unreadable)
