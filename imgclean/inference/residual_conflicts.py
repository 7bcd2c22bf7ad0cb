"""What is refused of `--save-residual` before a run starts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from imgclean.errors import OutputCollision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from imgclean.inference.jobs import Job

_HINT = "choose another folder for --save-residual"


def residual_jobs(jobs: Sequence[Job], folder: Path) -> list[Job]:
    """Return where what is taken away from images goes.

    Raises:
        OutputCollision: clean images go to the same folder, which has one journal.
    """
    place = folder.resolve()
    if any(root.resolve() == place for root in {job.root for job in jobs if job.root is not None}):
        raise OutputCollision(f"{folder} is where the clean images go", hint=_HINT)
    return [job.residual for job in jobs if job.residual is not None]


@contextmanager
def naming_residuals() -> Iterator[None]:
    """Have a collision name the option that it is about."""
    try:
        yield
    except OutputCollision as error:
        error.hint = _HINT
        raise
