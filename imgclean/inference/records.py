"""What a run finds finished and what it finishes, in the journals of its output folders."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol, Self

from imgclean.errors import UnwritableImage
from imgclean.images.write import unwritable
from imgclean.inference.journal import Journal, settings_key, sha256_of_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import FileRules, Job

Identity = dict[str, Any]
"""All that shapes a clean image on the side of the denoiser, as JSON can hold it."""


class Bookkeeping(Protocol):
    """Knows what is finished and notes what becomes so; safe to use from several threads."""

    def is_finished(self, job: Job, fingerprint: str, identities: Iterable[Identity]) -> bool:
        """Whether an earlier run left nothing to do here.

        Args:
            job: the image.
            fingerprint: hash of the input's content.
            identities: of the denoisers, any of which may have cleaned it.

        Raises:
            UnwritableImage: the output is there, but somebody changed it since; or it cannot
                be written.
        """

    def record(self, job: Job, fingerprint: str, identity: Identity, result: str) -> None:
        """Note that content of the hash `result` is about to become the job's output.

        Raises:
            OSError: it cannot be noted.
        """


class Records:
    """The journals of a run, open and locked until it ends; safe to use from several threads.

    Args:
        jobs: what the run cleans.
        rules: which finished files it leaves alone, and the quality that it writes.
        image_rules: what else shapes the clean images.

    A folder whose journal cannot be written fails the images that go there.

    Raises:
        OutputCollision: another run is writing to the same folder.
        UnwritableImage: no journal can be written.
    """

    def __init__(self, jobs: Iterable[Job], rules: FileRules, image_rules: ImageRules) -> None:
        self._rules = rules
        self._image_rules = image_rules
        self._journals: dict[Path, Journal] = {}
        self._refused: dict[Path, UnwritableImage] = {}
        jobs = tuple(jobs)
        with ExitStack() as opened:
            parts = [part for job in jobs for part in job.parts]
            for root in dict.fromkeys(part.root for part in parts if part.root is not None):
                try:
                    self._journals[root] = opened.enter_context(Journal(root))
                except UnwritableImage as error:
                    self._refused[root] = error
            refused = self._refused
            if refused and all(any(part.root in refused for part in job.parts) for job in jobs):
                raise next(iter(self._refused.values()))
            if rules.in_place:
                for journal in self._journals.values():
                    journal.adopt_neighbours()
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def is_finished(self, job: Job, fingerprint: str, identities: Iterable[Identity]) -> bool:
        """As `Bookkeeping` says."""
        for part in job.parts:
            if part.root in self._refused:
                raise self._refused[part.root].about(part.output)
        journal = self._journals.get(job.root) if job.root else None
        if journal is None:
            return False
        if self._rules.in_place:
            return journal.is_done(fingerprint, [self._settings(job, each) for each in identities])
        if not self._rules.resume:
            return False
        identities = tuple(identities)
        made = [self._is_made(part, fingerprint, identities) for part in job.parts]
        return all(made)

    def _is_made(self, job: Job, fingerprint: str, identities: Iterable[Identity]) -> bool:
        """Whether the file of a job is there as an earlier run wrote it with these settings."""
        if job.root is None:
            return False
        journal = self._journals[job.root]
        try:
            there = sha256_of_file(job.output)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unwritable(job.output, error) from error
        if not self._rules.overwrite and not journal.is_result(there):
            raise UnwritableImage(
                f"{job.output} was changed since it was cleaned",
                hint="use --overwrite to replace it",
            )
        return any(
            journal.is_finished(job.output, there, fingerprint, self._settings(job, each))
            for each in identities
        )

    def record(self, job: Job, fingerprint: str, identity: Identity, result: str) -> None:
        """As `Bookkeeping` says; where the job has no journal, there is nothing to note."""
        if job.root is not None:
            settings = self._settings(job, identity)
            self._journals[job.root].record(job.output, fingerprint, settings, result)

    def _settings(self, job: Job, identity: Identity) -> str:
        """Return a key of all that shapes the output, apart from the input."""
        writing: Identity = {"format": job.format, "quality": self._rules.quality}
        return settings_key(identity | writing | self._image_rules.shaping)
