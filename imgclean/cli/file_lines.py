"""What is said of files, and of all of them at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.events import Skipped

if TYPE_CHECKING:
    from imgclean.events import FileEvent, Summary


def file_line(event: FileEvent) -> str:
    """Return the line of a finished, planned or skipped file."""
    arrow = f"{event.input} -> {event.output}"
    if isinstance(event, Skipped):
        return f"{event.input}: {event.message or 'finished before'}"
    return f"{arrow}  {event.seconds:.1f} s" if event.seconds is not None else arrow


def summary_line(event: Summary, done: str) -> str:
    """Return the last line of a run; `done` says what was done with files."""
    counts = [f"{event.done} {done}"]
    for count, word in ((event.failed, "failed"), (event.skipped, "skipped")):
        if count:
            counts.append(f"{count} {word}")
    if event.ignored:
        counts.append(f"{event.ignored} other file{'s' * (event.ignored > 1)} ignored")
    return f"{', '.join(counts)}; {event.megapixels:.1f} megapixels in {event.seconds:.1f} s"
