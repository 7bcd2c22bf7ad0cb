"""A worker's connection to the run that it works for."""

from __future__ import annotations

import itertools
import os
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal

from imgclean.inference.messages import Answer, Question, Stop
from imgclean.interruption import Interruption

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from imgclean.inference.jobs import Job


class Link:
    """Sends, asks and receives; safe to use from several threads.

    The process ends at once where the run's is gone: nobody may write to the output folder then
    but the run that takes its place.

    Args:
        connection: to the run.

    Attributes:
        interruption: requested once the run says that the worker is to stop.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._numbers = itertools.count()
        self._asked: dict[int, Future[bool | None]] = {}
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.interruption = Interruption()
        threading.Thread(target=self._receive, daemon=True).start()

    def jobs(self) -> Iterator[Job]:
        """Yield what the run gives, as it comes, until `end_jobs`."""
        return iter(self._jobs.get, None)

    def end_jobs(self) -> None:
        """Have `jobs` end."""
        self._jobs.put(None)

    def send(self, message: object) -> None:
        """Send a message or an event."""
        try:
            with self._sending:
                self._connection.send(message)
        except OSError:
            _end_at_once()

    def ask(self, method: Literal["is_finished", "record"], *arguments: object) -> bool | None:
        """Call a method of the run's records; return what it returns, raise what it raises."""
        answered: Future[bool | None] = Future()
        number = next(self._numbers)
        self._asked[number] = answered
        self.send(Question(number, method, arguments))
        return answered.result()

    def _receive(self) -> None:
        try:
            while True:
                self._take(self._connection.recv())
        except (EOFError, OSError):
            _end_at_once()

    def _take(self, message: Job | Answer | Stop) -> None:
        if isinstance(message, Stop):
            self.interruption.request()
            self.end_jobs()
        elif not isinstance(message, Answer):
            self._jobs.put(message)
        elif message.error is not None:
            self._asked.pop(message.number).set_exception(message.error)
        else:
            self._asked.pop(message.number).set_result(message.value)


def _end_at_once() -> None:
    os._exit(1)
