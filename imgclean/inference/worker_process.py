"""A worker as the run sees it: a process, a connection, and the files in its hands."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

from imgclean.atomic import remove_leftovers
from imgclean.inference.messages import Over, Question, Stop
from imgclean.inference.worker import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imgclean.events import Done, Failed, Skipped
    from imgclean.inference.jobs import Job
    from imgclean.inference.messages import Answer
    from imgclean.inference.worker import Order

_SECONDS_TO_END = 5.0  # for a process that has said all; it is killed then
_HELD_BACK = (signal.SIGINT, signal.SIGTERM)


class Gone:
    """There will be no more messages of a worker."""


Inbox = queue.SimpleQueue[tuple["WorkerProcess", object]]
"""Where the messages and events of all workers arrive, each with whose it is."""


class WorkerProcess:
    """A worker, from `start` on.

    Args:
        order, device: what it is to do, and where.
        inbox: gets what it says, and `Gone` at last.
        answer: to a question of its; called on another thread.

    Attributes:
        device: as given.
        jobs: the files in its hands.
        is_ready: whether it takes jobs.
        has_ended_a_file: whether it was of use.
        reason: why it ends, once it said so.
    """

    def __init__(
        self, order: Order, device: str, inbox: Inbox, answer: Callable[[Question], Answer]
    ) -> None:
        self.device = device
        self.is_ready = False
        self.has_ended_a_file = False
        self.reason: str | None = None
        self._jobs: dict[str, Job] = {}
        self._inbox = inbox
        self._answer = answer
        self._sending = threading.Lock()
        context = multiprocessing.get_context("spawn")
        self._connection, self._theirs = context.Pipe()
        # no daemon: one may start no processes, which a compiler or a plugin may want to
        self._process = context.Process(target=work, args=(self._theirs, order, device))

    def start(self) -> None:
        """Start the process.

        Raises:
            OSError: the system starts no more.
        """
        with _holding_signals_back():
            self._process.start()
        self._theirs.close()  # so that the connection ends with the process
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The files in its hands."""
        return tuple(self._jobs.values())

    def give(self, job: Job) -> None:
        """Put a file in its hands."""
        self._jobs[str(job.output)] = job
        self._send(job)

    def let_go(self, event: Done | Failed | Skipped) -> Job:
        """Return the file that an event ends, no more in its hands."""
        self.has_ended_a_file = True
        return self._jobs.pop(str(event.output))

    def stop(self) -> None:
        """Have it end in order."""
        self._send(Stop())

    def end(self) -> str:
        """Wait for a process that said its last word, or kill it; return what became of it."""
        self._process.join(_SECONDS_TO_END)
        return self.kill()

    def kill(self) -> str:
        """End the process at once, and remove what it had begun to write."""
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()
        for folder in {part.output.parent for job in self._jobs.values() for part in job.parts}:
            remove_leftovers(folder)
        return self.reason or _fate(self._process.exitcode or 0)

    def _send(self, message: object) -> None:
        with suppress(OSError), self._sending:  # of one that is lost, `Gone` is under way
            self._connection.send(message)

    def _listen(self) -> None:
        try:
            while not isinstance(message := self._connection.recv(), Over):
                if isinstance(message, Question):
                    self._send(self._answer(message))
                else:
                    self._inbox.put((self, message))
        except (EOFError, OSError):
            pass
        finally:
            self._inbox.put((self, Gone()))


def _fate(exitcode: int) -> str:
    if exitcode >= 0:
        return f"ended with exit code {exitcode}"
    number = -exitcode
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    return f"was killed by {name}" + ", as where memory runs out" * (name == "SIGKILL")


@contextmanager
def _holding_signals_back() -> Iterator[None]:
    """Have a process that is started keep Ctrl-C waiting until it can tell what to do with it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it lets signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
