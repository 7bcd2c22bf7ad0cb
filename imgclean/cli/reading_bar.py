"""How far the reading of many images is, before the work on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.cli.console import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from imgclean.events import ReadImages


class ReadingBar:
    """A bar of its own, in place of that of the work, whose time does not count as work.

    Args:
        progress: the display.
        work: the bar that it hides meanwhile.

    Attributes:
        seconds: spent on all reading that has ended.
    """

    def __init__(self, progress: Progress, work: TaskID) -> None:
        self._progress = progress
        self._work = work
        self._task: TaskID | None = None
        self.seconds = 0.0

    def advance(self, event: ReadImages) -> float:
        """Show how far it is; return the seconds that it has taken so far."""
        progress = self._progress
        if self._task is None:
            self._task = progress.add_task(label(event), total=event.total, rate="")
        progress.update(self._work, visible=False)
        progress.update(self._task, completed=event.done)
        seconds = seconds_of(progress, self._task)
        if event.done == event.total:
            progress.remove_task(self._task)
            progress.update(self._work, visible=True)
            self._task = None
            self.seconds += seconds
        return seconds


def label(event: ReadImages) -> str:
    """Return what stands before the bar."""
    return printable(f"reading {event.title}")


def seconds_of(progress: Progress, task: TaskID) -> float:
    """Return how long a bar has been there."""
    return next(each.elapsed or 0.0 for each in progress.tasks if each.id == task)
