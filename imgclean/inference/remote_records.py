"""A worker's way to the journals of the run, which the run alone holds and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.inference.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgclean.inference.jobs import Job
    from imgclean.inference.link import Link
    from imgclean.inference.messages import Question
    from imgclean.inference.records import Bookkeeping, Identity


class RemoteRecords:
    """Asks the run; returns once it has answered. Safe to use from several threads.

    Args:
        link: to the run.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def is_finished(self, job: Job, fingerprint: str, identities: Iterable[Identity]) -> bool:
        """As `Bookkeeping` says."""
        return bool(self._link.ask("is_finished", job, fingerprint, tuple(identities)))

    def record(self, job: Job, fingerprint: str, identity: Identity, result: str) -> None:
        """As `Bookkeeping` says: the line is on disk when this returns."""
        self._link.ask("record", job, fingerprint, identity, result)


def answer(question: Question, records: Bookkeeping) -> Answer:
    """Do what a worker asks for, in the run's process; what that raises is the answer too."""
    try:
        value = getattr(records, question.method)(*question.arguments)
    except Exception as error:  # noqa: BLE001 - it is the worker's, as if raised there
        return Answer(question.number, None, error)
    return Answer(question.number, value)
