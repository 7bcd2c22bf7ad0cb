"""The files of a run that are still to do, as its workers take them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from imgclean.inference.jobs import Job

_MOST = 8  # files in one worker's hands: being read, denoised or written, and one that waits
_FEWEST = 2  # towards the end, so that the last files are spread over all workers


class Backlog:
    """One queue for all workers.

    The files that a lost worker had are suspects: any of them may have been the reason. They come
    last, and each is handed out alone, so that the next loss shows which one it was.

    Args:
        jobs: all there is to do.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._fresh = deque(jobs)
        self._returned: deque[Job] = deque()
        self._suspects: set[Job] = set()
        self._unfinished = dict.fromkeys(self._fresh)

    @property
    def unfinished(self) -> Collection[Job]:
        """What has not ended, be it here or in a worker's hands."""
        return self._unfinished.keys()

    def take(self, held: Collection[Job], workers: int) -> Job | None:
        """Return the next file for a worker, or None where it is to take none now.

        Args:
            held: what it has in its hands.
            workers: how many share the queue.
        """
        if not self._suspects.isdisjoint(held):
            return None
        if self._fresh:
            room = max(_FEWEST, min(_MOST, len(self._fresh) // workers))
            return self._fresh.popleft() if len(held) < room else None
        return self._returned.popleft() if self._returned and not held else None

    def finish(self, job: Job) -> None:
        """Note that a file has ended, well or not."""
        del self._unfinished[job]

    def give_back(self, jobs: Iterable[Job]) -> list[Job]:
        """Take back what a lost worker had in its hands; return what lost its second worker."""
        twice = []
        for job in jobs:
            if job in self._suspects:
                twice.append(job)
                self.finish(job)
            else:
                self._suspects.add(job)
                self._returned.append(job)
        return twice
