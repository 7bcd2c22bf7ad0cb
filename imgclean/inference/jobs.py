"""What a run does and what shapes it: the images, where they go, the rules on files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from imgclean.images.name_rules import NameRules

STREAM = Path("-")
"""Stands for stdin as an input and for stdout as an output."""


@dataclass(frozen=True, slots=True)
class Job:
    """One image to clean.

    Attributes:
        input: the noisy image; `-` for stdin.
        output: where the clean one goes; the input itself when in place; `-` for stdout.
        format: name of the format to write, or None for the input's own.
        root: folder whose journal records the output, or None for no journal.
        residual: where what is taken away goes, as a job of its own; None if nobody wants it.
    """

    input: Path
    output: Path
    format: str | None
    root: Path | None
    residual: Job | None = field(default=None, compare=False)

    @property
    def from_stdin(self) -> bool:
        """Whether the noisy image is read from stdin; a file of the name `-` has a longer path."""
        return self.input == STREAM

    @property
    def to_stdout(self) -> bool:
        """Whether the clean image is written to stdout."""
        return self.output == STREAM

    @property
    def parts(self) -> tuple[Job, ...]:
        """All that is written: the residual, if any, and then the clean image."""
        return (self,) if self.residual is None else (self.residual, self)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    Attributes:
        jobs: the images, in order.
        ignored: files met in folders that are not images or were filtered out.
        others: those of them that are copied, each with where it goes.
        unreadable: folders that cannot be listed, each with the reason.
        notes: what the user should know before the run starts, a sentence each.
    """

    jobs: tuple[Job, ...]
    ignored: int = 0
    others: tuple[tuple[Path, Path], ...] = ()
    unreadable: tuple[tuple[Path, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """What the command line's options of the same names say about files.

    Attributes:
        output: path of a file or a folder, `-` for stdout, or None for names made with `suffix`.
        suffix: added to the name of a file or a folder where there is no `output`.
        recursive: walk folders to the bottom.
        include, exclude: glob patterns on a file's name or its path in its folder.
        format: name of the format to write, or None for each input's own.
        quality: 1 to 100 for lossy formats, or None for as close to the source's as can be.
        least_quality: takes the place of a source's quality that is lower.
        in_place: outputs replace inputs; what an earlier run cleaned is left alone.
        overwrite: outputs may replace files.
        resume: go on with an earlier run; what it finished is left alone.
        copy_others: what is not cleaned of a folder is copied.
        save_residual: folder for what was taken away from each image, or None.
    """

    output: str | None = None
    suffix: str = "-clean"
    recursive: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    format: str | None = None
    quality: int | None = None
    least_quality: int | None = None
    in_place: bool = False
    overwrite: bool = False
    resume: bool = False
    copy_others: bool = False
    save_residual: Path | None = None

    @property
    def names(self) -> NameRules:
        """Which files of folders are wanted."""
        return NameRules(self.include, self.exclude)
