"""Collects a plan's images from files, folders and lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.errors import InputNotFound, InvalidSetting
from imgclean.images.formats import format_by_name
from imgclean.images.walk import find_images
from imgclean.inference.conflicts import Places
from imgclean.inference.jobs import STREAM, FileRules, Job
from imgclean.inference.naming import (
    clean_file,
    clean_folder,
    format_of_named,
    is_folder_name,
    listed_path,
    named_output,
    output_folder,
    renamed,
    residual_job,
    unwritten_format,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gathering:
    """What was found so far.

    Args:
        rules: what the options say.
        alone: there is but one input, so that `-o` may be a file.

    Attributes:
        others: files that are copied, each with where it goes.
        ignored: how many files of folders are not cleaned.
        unreadable: folders that cannot be listed, each with the reason.
    """

    def __init__(self, rules: FileRules, *, alone: bool) -> None:
        self._rules = rules
        self._alone = alone
        self._jobs: list[Job] = []
        self._unwritten: Counter[tuple[str, str]] = Counter()
        self.others: list[tuple[Path, Path]] = []
        self.ignored = 0
        self.unreadable: list[tuple[Path, str]] = []

    def take_named_folder(self, folder: Path) -> None:
        """Take a folder that the command line names."""
        rules = self._rules
        if rules.in_place:
            mirror = folder
        elif rules.output is None:
            mirror = clean_folder(folder, rules.suffix)
        else:
            whole = self._output_folder
            mirror = whole if self._alone else whole / folder.resolve().name
        place = Path() if self._alone else Path(folder.resolve().name)
        self._take_folder(folder, mirror, mirror, place)

    def take_named_file(self, path: Path) -> None:
        """Take a file that the command line names."""
        rules = self._rules
        if rules.in_place or rules.output is None:
            self._take_beside(path, path.parent, Path(path.name))
        elif self._alone and not is_folder_name(rules.output):
            output = named_output(rules.output)
            root = output.parent if rules.resume else None
            residual = self._residual(path, Path(output.name))
            self._jobs.append(Job(path, output, format_of_named(output, rules), root, residual))
        else:
            root = self._output_folder
            self._take(path, root / path.name, root, Path(path.name))

    def take_listed_folder(self, folder: Path) -> None:
        """Take a folder of a list. One journal serves all that goes to one place."""
        rules = self._rules
        kept = listed_path(folder)
        if rules.in_place:
            self._take_folder(folder, folder, Path() if kept == folder else folder, kept)
        elif rules.output is None:
            mirror = clean_folder(folder, rules.suffix)
            self._take_folder(folder, mirror, mirror, kept)
        else:
            root = self._output_folder
            self._take_folder(folder, root / kept, root, kept)

    def take_listed_file(self, path: Path) -> None:
        """Take a file of a list."""
        rules = self._rules
        kept = listed_path(path)
        if rules.in_place or rules.output is None:
            self._take_beside(path, Path() if kept == path else path.parent, kept)
        else:
            root = self._output_folder
            self._take(path, root / kept, root, kept)

    def jobs(self) -> list[Job]:
        """Return the jobs, none twice. A file of the name `-`, which means stdin, gets a path."""
        jobs = list(dict.fromkeys(self._jobs))
        if any(STREAM in (each.input, each.output) for each in jobs):
            jobs = [_absolute(each) for each in jobs]
        if self._rules.in_place:
            places = Places()
            jobs = list({places.of(each.input): each for each in reversed(jobs)}.values())[::-1]
        return jobs

    def notes(self) -> Iterator[str]:
        """Return a sentence for each format that is not written."""
        for (title, substitute), count in sorted(self._unwritten.items()):
            files = f"{count} {title} files are" if count > 1 else f"1 {title} file is"
            written = format_by_name(substitute).title
            yield f"{files} written as {written}, for want of an encoder"

    @cached_property
    def _output_folder(self) -> Path:
        return output_folder(self._rules.output or "")

    def _take_folder(self, folder: Path, mirror: Path, root: Path, place: Path) -> None:
        """Take what is wanted of a folder, the outputs in `mirror`, the journal in `root`.

        `place` is where the folder is among the residuals.
        """
        found = find_images(folder, recursive=self._rules.recursive)
        for path, reason in found.unreadable:
            if path == folder:
                raise InputNotFound(f"{folder}: cannot be opened: {reason}")
        filtered = []
        for path in found.images:
            relative = path.relative_to(folder)
            if self._rules.names.take(relative):
                self._take(path, mirror / relative, root, place / relative)
            else:
                filtered.append(path)
        self.unreadable += found.unreadable
        self.ignored += len(found.others) + found.passed_by + len(filtered)
        if self._rules.copy_others:
            there = (*found.others, *(path for path in filtered if path.is_file()))
            self.others += [(path, mirror / path.relative_to(folder)) for path in there]

    def _take_beside(self, path: Path, home: Path, place: Path) -> None:
        """Take a file whose clean image goes beside it or in its place, the journal in `home`."""
        rules = self._rules
        journaled = rules.in_place or rules.resume
        output = clean_file(path, rules.suffix)
        self._take(path, output, home if journaled else None, place)

    def _take(self, path: Path, output: Path, root: Path | None, place: Path) -> None:
        """Take a file; the output gets the suffix of the format that is written."""
        name = self._rules.format or self._substitute(path)
        output = path if self._rules.in_place else renamed(output, name)
        self._jobs.append(Job(path, output, name, root, self._residual(path, place)))

    def _residual(self, path: Path, place: Path) -> Job | None:
        folder = self._rules.save_residual
        return None if folder is None else residual_job(path, place, folder)

    def _substitute(self, path: Path) -> str | None:
        """Return the format to write for want of an encoder; None for the file's own."""
        own = unwritten_format(path)
        if own is None or own.substitute is None:
            return None
        if self._rules.in_place:
            raise InvalidSetting(
                f"{path}: {own.title} is read, but not written, so it cannot be replaced",
                hint="leave it out with --exclude, or write elsewhere with -o",
            )
        self._unwritten[own.title, own.substitute] += 1
        return own.substitute


def _absolute(job: Job) -> Job:
    root = job.root.absolute() if job.root else None
    return replace(job, input=job.input.absolute(), output=job.output.absolute(), root=root)
