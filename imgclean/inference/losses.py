"""What a run says of lost workers and of the files that are lost with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import WorkerLost
from imgclean.events import Failed, Warned
from imgclean.inference.reports import failed

if TYPE_CHECKING:
    from imgclean.inference.jobs import Job


def worker_lost(device: str, fate: str, again: int) -> Warned:
    """Return the warning that a worker is gone.

    Args:
        device: its device.
        fate: what became of it, as `was killed by SIGKILL`.
        again: how many files that it had are handed out again.
    """
    text = f"the worker on {device} {fate}"
    if again:
        files = "the file that it had goes" if again == 1 else f"the {again} files that it had go"
        text += f"; {files} to another"
    return Warned(error=WorkerLost.__name__, message=text)


def lost_with_workers(job: Job) -> Failed:
    """Return the event for a file that lost its second worker."""
    hint = "clean it by itself, on one device, to see what becomes of it"
    error = WorkerLost(f"{job.input}: two workers were lost while they had it", hint=hint)
    return failed(job, error)


def without_worker(job: Job) -> Failed:
    """Return the event for a file that is left where no worker is."""
    hint = "--resume goes on once a device works again"
    return failed(job, WorkerLost(f"{job.input}: no worker is left", hint=hint))
