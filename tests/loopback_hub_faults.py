"""What can go wrong between a client and the Hub on loopback.

Every fault has an event, `met`, that is set when a request has met it: for one that stops within
a body, when the bytes before that are sent.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from loopback_hub_transport import CutOff, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

LOGIN_PAGE = b"<!DOCTYPE html><html><body><form>Please log in to this network</form></body></html>"


@dataclass(frozen=True, eq=False)
class Fault:
    stage: Literal["request", "range", "body"]  # what it needs: any request, a range, a body
    act: Callable[..., Any] = lambda *_: None
    met: threading.Event = field(default_factory=threading.Event)


def status(code: int, headers: Mapping[str, str] | None = None, body: str = "") -> Fault:
    """Answer with this instead."""

    def act(met: threading.Event, _stopping: threading.Event) -> Reply:
        met.set()
        return Reply(code, dict(headers or {}), body.encode())

    return Fault("request", act)


def not_a_hub() -> Fault:
    """Answer as a network does that wants a login first: a page, whatever was asked."""

    def act(met: threading.Event, _stopping: threading.Event) -> Reply:
        met.set()
        return Reply(200, {"Content-Type": "text/html; charset=utf-8"}, LOGIN_PAGE)

    return Fault("request", act)


def hang() -> Fault:
    """Accept the request and never answer."""

    def act(met: threading.Event, stopping: threading.Event) -> Reply:
        met.set()
        stopping.wait()
        raise CutOff(hard=True)

    return Fault("request", act)


def reset(*, hard: bool = True) -> Fault:
    """End the connection without an answer."""

    def act(met: threading.Event, _stopping: threading.Event) -> Reply:
        met.set()
        raise CutOff(hard=hard)

    return Fault("request", act)


def ignore_range() -> Fault:
    """Answer a request for a part with everything."""
    return Fault("range")


def hang_after(count: int) -> Fault:
    """Send so many bytes of the body, and then nothing more."""

    def act(
        met: threading.Event, stopping: threading.Event, body: Iterable[bytes]
    ) -> Iterator[bytes]:
        yield from _until(body, count)
        met.set()
        stopping.wait()
        raise CutOff(hard=True)

    return Fault("body", act)


def cut_after(count: int, *, hard: bool = True) -> Fault:
    """Send so many bytes of each response's body, and end the connection."""

    def act(
        met: threading.Event, _stopping: threading.Event, body: Iterable[bytes]
    ) -> Iterator[bytes]:
        yield from _until(body, count)
        met.set()
        raise CutOff(hard=hard)

    return Fault("body", act)


def hold(event: threading.Event, *, after: int = 0) -> Fault:
    """Send so many bytes of the body, and the others when the event is set."""

    def act(
        met: threading.Event, stopping: threading.Event, body: Iterable[bytes]
    ) -> Iterator[bytes]:
        rest, left = iter(body), after
        for piece in rest:
            yield piece[:left]
            held = piece[left:]
            left = max(left - len(piece), 0)
            if held:
                break
        else:
            held = b""
        met.set()
        while not event.wait(0.02) and not stopping.is_set():
            pass
        yield held
        yield from rest

    return Fault("body", act)


def flip(position: int) -> Fault:
    """Change one byte of the body."""

    def act(
        met: threading.Event, _stopping: threading.Event, body: Iterable[bytes]
    ) -> Iterator[bytes]:
        passed = 0
        for piece in body:
            at = position - passed
            passed += len(piece)
            if 0 <= at < len(piece):
                met.set()
                yield piece[:at] + bytes([piece[at] ^ 0xFF]) + piece[at + 1 :]
            else:
                yield piece

    return Fault("body", act)


def slow(bytes_per_second: int) -> Fault:
    """Send the body in small pieces, so that bytes keep flowing."""
    size = max(1, bytes_per_second // 20)

    def act(
        met: threading.Event, stopping: threading.Event, body: Iterable[bytes]
    ) -> Iterator[bytes]:
        met.set()
        for piece in body:
            for at in range(0, len(piece), size):
                part = piece[at : at + size]
                yield part
                if stopping.wait(len(part) / bytes_per_second):
                    raise CutOff(hard=True)

    return Fault("body", act)


def _until(body: Iterable[bytes], count: int) -> Iterator[bytes]:
    """As many bytes of a body."""
    for piece in body:
        if count <= 0:
            return
        yield piece[:count]
        count -= len(piece)
