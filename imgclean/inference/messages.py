"""What a run and its worker processes say to each other.

To a worker go the `Job`s that it is to do, the `Answer`s to its questions, and `Stop`. From it
come `Ready`, then the events of its files and its questions, and at last `Over`, `Refused` or
`Broken`; of one that was killed, none of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from imgclean.errors import ImgcleanError


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has loaded its weights and takes jobs."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The worker cannot begin, or go on, for something that is wrong with what it was told."""

    error: ImgcleanError


@dataclass(frozen=True, slots=True)
class Over:
    """The worker was told to stop and has written what it had denoised."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The worker ends for a reason that is no file's: its device fails, say."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The worker is to discard what it denoises, to write what is denoised, and to end."""


@dataclass(frozen=True, slots=True)
class Question:
    """The worker calls a method of the run's `Bookkeeping` and waits for the answer.

    Attributes:
        number: of the question, which its answer repeats.
        method: what it calls.
        arguments: with which it does.
    """

    number: int
    method: Literal["is_finished", "record"]
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the method returned or raised."""

    number: int
    value: bool | None
    error: Exception | None = None
