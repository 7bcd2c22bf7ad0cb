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
    if event.residual is not None:
        arrow += f", {event.residual}"
    strength = "" if event.strength is None else f"  strength {event.strength:.2f}"
    seconds = "" if event.seconds is None else f"  {event.seconds:.1f} s"
    return f"{arrow}{strength}{seconds}"


def summary_line(event: Summary, done: str) -> str:
    """Return the last line of a run; `done` says what was done with files."""
    counts = [f"{event.done} {done}"]
    for count, word in ((event.failed, "failed"), (event.skipped, "skipped")):
        if count:
            counts.append(f"{count} {word}")
    if event.ignored:
        counts.append(f"{event.ignored} other file{'s' * (event.ignored > 1)} ignored")
    return f"{', '.join(counts)}; {event.megapixels:.1f} megapixels in {event.seconds:.1f} s"
