"""What is refused of `--save-residual` before a run starts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from imgclean.errors import OutputCollision
from imgclean.inference.conflicts import refuse_collisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from imgclean.inference.jobs import Job

_HINT = "choose another folder for --save-residual"
_ONE_NAME = "rename one, or clean them in two runs, each with a --save-residual of its own"


def residual_jobs(jobs: Sequence[Job], folder: Path) -> list[Job]:
    """Return where what is taken away from images goes.

    Raises:
        OutputCollision: clean images go to the same folder, which has one journal.
    """
    place = folder.resolve()
    if any(each.resolve() == place for each in {job.root or job.output.parent for job in jobs}):
        raise OutputCollision(f"{folder} is where the clean images go", hint=_HINT)
    return [job.residual for job in jobs if job.residual is not None]


def refuse_residual_collisions(
    residuals: Iterable[Job],
    originals: Iterable[Path],
    targets: Sequence[tuple[Path, Path]],
    folders: Iterable[Path],
) -> None:
    """Refuse two residuals with one name, and one in the way of another file or among the inputs.

    Args:
        residuals: what is taken away.
        originals, folders: the inputs, as of `refuse_collisions`.
        targets: what else is written, likewise.

    Raises:
        OutputCollision: there is one.
    """
    places = [(each.input, each.output) for each in residuals]
    with _hinting(_ONE_NAME):
        refuse_collisions((), places, ())
    with _hinting(_HINT):
        refuse_collisions(originals, [*targets, *places], folders)


@contextmanager
def _hinting(hint: str) -> Iterator[None]:
    try:
        yield
    except OutputCollision as error:
        error.hint = hint
        raise
