"""How far what is fetched or sent is. Whoever shows it listens; the way there need not know."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TransferState = Literal["moving", "waiting", "finished", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A file on its way.

    Attributes:
        file: what it is, as `owner/repository/model.safetensors`.
        done: bytes that are here, or there.
        total: bytes of the whole, or None where that is not known.
        state: `moving`; `waiting` for another process that fetches the same; `finished`; or
            `failed`, which an error explains.
    """

    file: str
    done: int = 0
    total: int | None = None
    state: TransferState = "moving"


_LISTENER: ContextVar[Callable[[Transfer], None] | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Callable[[Transfer], None]) -> Iterator[None]:
    """Have every transfer of this thread reported, inside."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def report(transfer: Transfer) -> None:
    """Tell the listener, if there is one."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(transfer)
