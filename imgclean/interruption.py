"""Ctrl-C and SIGTERM as a flag, so that long work ends at a point of its own choosing."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """While active, the first signal sets `requested`; a second one interrupts at once.

    Outside the main thread, where Python allows no signal handlers, it never becomes requested.
    """

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._previous: list[tuple[signal.Signals, object]] = []

    @property
    def requested(self) -> bool:
        """Whether the user has asked to stop."""
        return self._requested.is_set()

    def request(self) -> None:
        """Ask to stop, as the user's first signal does."""
        self._requested.set()

    def raise_if_requested(self) -> None:
        """Raise KeyboardInterrupt if the user has asked to stop."""
        if self.requested:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = [(each, signal.signal(each, self._handle)) for each in _SIGNALS]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, handler in self._previous:
            signal.signal(each, handler)  # type: ignore[arg-type]

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.request()
