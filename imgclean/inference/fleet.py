"""Several devices: a worker process for each, one queue of files for all.

The run's own process plans, holds the journals and emits the events; a worker has the whole way
of an image, as `Batch`. What a lost worker had in its hands is done by another one.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Self

from imgclean.errors import ProcessLost
from imgclean.events import Done, Failed, Note, Skipped, Warned
from imgclean.inference.backlog import Backlog
from imgclean.inference.losses import lost_with_workers, without_worker, worker_lost
from imgclean.inference.messages import Broken, Ready, Refused
from imgclean.inference.noise_watch import said_once
from imgclean.inference.remote_records import answer
from imgclean.inference.worker_process import Gone, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from imgclean.events import Emit
    from imgclean.inference.jobs import Job
    from imgclean.inference.messages import Answer, Question
    from imgclean.inference.records import Bookkeeping
    from imgclean.inference.worker import Order
    from imgclean.inference.worker_process import Inbox
    from imgclean.interruption import Interruption

_POLL_SECONDS = 0.1  # how soon the run sees that the user asked to stop
_USELESS_WORKERS = 2  # one after the other, until a device is given up


class Fleet:
    """The workers of a run; a context manager, at whose end none is left.

    Args:
        jobs: what they share.
        order: what they are to do, and the devices, one worker on each.
        emit: gets the warnings of the start.

    Raises, on entering, where no worker can begin:
        ImgcleanError: what the first of them says, as of `Selection`.
        ProcessLost: they ended without a word, or the system starts none.
    """

    _records: Bookkeeping  # from `run` on; before it, no worker has a file to ask about

    def __init__(self, jobs: Sequence[Job], order: Order, emit: Emit) -> None:
        self._order = order
        self._emit = emit
        self._backlog = Backlog(jobs)
        self._useless = [0] * len(order.devices)  # workers lost there in a row that ended no file
        self._workers: dict[WorkerProcess, int] = {}  # each with the place of its device
        self._leaving: list[WorkerProcess] = []  # those that have said all
        self._inbox: Inbox = queue.SimpleQueue()
        self._has_begun = False
        self._said: set[Hashable] = set()

    def __enter__(self) -> Self:
        try:
            self._start_workers()
            while not self._has_begun:
                self._take_message()
                if not self._workers:
                    raise ProcessLost("no worker could begin", hint="see the warnings above")
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        for worker in self._leaving:
            worker.end()

    def run(self, records: Bookkeeping, interruption: Interruption, emit: Emit) -> None:
        """Have every file cleaned; a `Work`.

        Raises:
            KeyboardInterrupt: the user asked to stop. The files that were being denoised are
                discarded, those being written are finished.
            ImgcleanError: what a worker says that is wrong with the run itself, as a setting.
            ProcessLost: the system starts no worker in the place of lost ones.
        """
        self._records = records
        self._emit = emit
        try:
            while self._backlog.unfinished:
                interruption.raise_if_requested()
                self._hand_out()
                self._take_message()
                if not self._workers:
                    self._give_up()
        finally:
            try:
                self._wind_up()
            except BaseException:
                self._kill()  # nobody writes once the journals are no longer held
                raise

    def _start_workers(self) -> None:
        """Start one on each device that is not given up, as far as there are files for them."""
        places = [at for at, lost in enumerate(self._useless) if lost < _USELESS_WORKERS]
        for place in places[: len(self._backlog.unfinished)]:
            device = self._order.devices[place]
            worker = WorkerProcess(self._order, device, self._inbox, self._answer)
            self._workers[worker] = place  # before it runs, so that Ctrl-C leaves none behind
            try:
                worker.start()
            except OSError as error:
                raise ProcessLost(f"no worker process can be started: {error.strerror}") from error

    def _hand_out(self) -> None:
        for worker in self._workers:
            while worker.is_ready:
                job = self._backlog.take(worker.jobs, len(self._workers))
                if job is None:
                    break
                worker.give(job)

    def _take_message(self) -> None:
        """Wait a moment for what a worker says, and act on it."""
        try:
            worker, message = self._inbox.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return
        match message:
            case Ready():
                worker.is_ready = self._has_begun = True
            case Refused() if worker.is_ready or not self._has_begun:
                raise message.error  # it is the whole run's, as in one process
            case Refused():
                worker.reason = f"could not begin: {message.error}"
            case Broken():
                worker.reason = f"failed: {message.reason}"
            case Gone():
                self._lose(worker)
            case _:
                self._pass_on(worker, message)

    def _pass_on(self, worker: WorkerProcess, event: object) -> None:
        """Emit an event, but what concerns the whole run, or was said by a lost worker, once."""
        if isinstance(event, Done | Failed | Skipped):
            self._backlog.finish(worker.let_go(event))
        elif isinstance(event, Note | Warned):
            said = said_once(event)
            if said in self._said:
                return
            self._said.add(said)
        self._emit(event)

    def _lose(self, worker: WorkerProcess) -> None:
        """Say that a worker is lost, and have its files done by another one."""
        fate = worker.end()
        place = self._workers.pop(worker)
        self._useless[place] = 0 if worker.has_ended_a_file else self._useless[place] + 1
        twice = self._backlog.give_back(worker.jobs)
        again = len(worker.jobs) - len(twice)
        self._emit(worker_lost(worker.device, fate, again))
        for job in twice:
            self._emit(lost_with_workers(job))
        if not self._workers:
            self._start_workers()

    def _give_up(self) -> None:
        """Fail what is left: no device is of use any more."""
        for job in tuple(self._backlog.unfinished):
            self._backlog.finish(job)
            self._emit(without_worker(job))

    def _wind_up(self) -> None:
        """Let the workers write what they have denoised, and end."""
        for worker in tuple(self._workers):
            if worker.is_ready:
                worker.stop()
            else:
                worker.kill()
                del self._workers[worker]
        while self._workers:
            try:
                worker, message = self._inbox.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(message, Gone):
                self._workers.pop(worker, None)
                self._leaving.append(worker)
            elif not isinstance(message, Ready | Refused | Broken):
                self._pass_on(worker, message)

    def _answer(self, question: Question) -> Answer:
        return answer(question, self._records)

    def _kill(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()
