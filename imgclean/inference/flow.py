"""Reading ahead of the denoiser and writing behind it, in bounded memory."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Item = TypeVar("_Item")
_Product = TypeVar("_Product")

_POLL_SECONDS = 0.1  # how soon a waiting loop sees that the user asked to stop


class ByteBudget:
    """Counts bytes held; whoever would exceed the limit waits until others release theirs.

    One holder is always let in, so that an image larger than the limit passes alone.

    Args:
        limit: bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._open = True
        self._changed = threading.Condition()

    def acquire(self, count: int) -> None:
        """Wait until `count` bytes fit, or the budget is lifted, then hold them."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._open or self._held == 0 or self._held + count <= self._limit
            )
            self._held += count

    def release(self, count: int) -> None:
        """Give back `count` bytes."""
        with self._changed:
            self._held -= count
            self._changed.notify_all()

    def lift(self) -> None:
        """Let everybody through: the run is ending."""
        with self._changed:
            self._open = False
            self._changed.notify_all()


class ReadAhead(Generic[_Item, _Product]):
    """Applies `read` to items on other threads and yields the results as they are ready.

    Args:
        items: what to read.
        read: from an item to its product; must not raise.
        size: bytes that a product holds.
        budget: bounds the products that wait; the consumer releases each one's size.
        threads: how many read at once.
        check: called before each product and while waiting; may raise to stop.
        end_items: called where the consumer ends first; has a wait for the next item end.
    """

    def __init__(
        self,
        items: Iterable[_Item],
        read: Callable[[_Item], _Product],
        size: Callable[[_Product], int],
        *,
        budget: ByteBudget,
        threads: int,
        check: Callable[[], None],
        end_items: Callable[[], None] = lambda: None,
    ) -> None:
        self._items = iter(items)
        self._read = read
        self._size = size
        self._budget = budget
        self._check = check
        self._end_items = end_items
        self._taking = threading.Lock()
        self._stopped = threading.Event()
        self._ready: queue.SimpleQueue[_Product | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def __iter__(self) -> Generator[_Product]:
        for thread in self._threads:
            thread.start()
        working = len(self._threads)
        try:
            while working:
                self._check()
                try:
                    product = self._ready.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
                if product is None:
                    working -= 1
                else:
                    yield product
        finally:
            self._stopped.set()
            self._end_items()
            self._budget.lift()
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        try:
            while not self._stopped.is_set():
                with self._taking:
                    item = next(self._items, None)
                if item is None:
                    return
                product = self._read(item)
                self._budget.acquire(self._size(product))
                self._ready.put(product)
        finally:
            self._ready.put(None)


class WriteBehind(Generic[_Product]):
    """Runs writes on other threads; their results are collected on the caller's thread.

    Args:
        budget: bounds what waits to be written.
        threads: how many write at once.
        report: gets each result on the writing thread, as soon as it is there, where the caller
            does not want to collect it.
    """

    def __init__(
        self, budget: ByteBudget, threads: int, report: Callable[[_Product], None] | None = None
    ) -> None:
        self._budget = budget
        self._report = report
        self._pool = ThreadPoolExecutor(threads)
        self._pending: set[Future[_Product]] = set()

    def submit(self, write: Callable[[], _Product], size: int) -> None:
        """Run `write` soon; waits while more than the budget's bytes are under way."""
        self._budget.acquire(size)
        future = self._pool.submit(write)
        future.add_done_callback(lambda _: self._budget.release(size))
        if (report := self._report) is None:
            self._pending.add(future)
        else:
            future.add_done_callback(lambda ended: report(ended.result()))

    def finished(self) -> list[_Product]:
        """Return the results of the writes that have ended since the last call."""
        ended = {future for future in self._pending if future.done()}
        self._pending -= ended
        return [future.result() for future in ended]

    def drain(self) -> list[_Product]:
        """Wait for every write and return the results."""
        self._pool.shutdown(wait=True)
        return self.finished()
