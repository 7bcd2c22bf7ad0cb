"""Hands items from a thread that makes them to a library that pulls them, a few at a time."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Item = TypeVar("_Item")
_POLL_SECONDS = 0.1


class Abandoned(Exception):
    """Whoever made the items gave up; raised into whoever pulls them."""


class Feed(Generic[_Item]):
    """An iterator over items that another thread puts in.

    Args:
        length: how many items may wait.
        check: called while `put` waits; may raise if nobody will pull any more.
    """

    def __init__(self, length: int, check: Callable[[], None]) -> None:
        self._queue: queue.Queue[_Item | None] = queue.Queue(length)
        self._check = check
        self._abandoned = False

    def put(self, item: _Item | None) -> None:
        """Hand over one item, or None for the end; waits for room."""
        while True:
            self._check()
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def abandon(self) -> None:
        """Make the iterator raise `Abandoned`; no item will come any more."""
        self._abandoned = True

    def __iter__(self) -> Iterator[_Item]:
        while True:
            try:
                item = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if self._abandoned:
                    raise Abandoned from None
                continue
            if self._abandoned:
                raise Abandoned
            if item is None:
                return
            yield item
