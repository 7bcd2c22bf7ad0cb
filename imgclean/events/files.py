"""What a run says of files, of how far it is, and to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEvent:
    """Something that happened to one file. Fields that do not apply are None.

    Attributes:
        input: path as the user would write it.
        output: path of the clean image.
        residual: path of what was taken away, where it is kept.
        width, height: pixels.
        pages: images in the file.
        dtype: sample type of the file, such as `uint16`.
        model, weights: names.
        device: torch device string.
        precision: fp32, bf16 or fp16.
        strength: share of the change that was applied, where the noise decided it.
        seconds: time spent on reading, denoising and writing the file, waiting excluded.
        error: class name of the error.
        message: one line on what is wrong, and what to do.
    """

    event: ClassVar[str] = "file"

    input: str | None = None
    output: str | None = None
    residual: str | None = None
    width: int | None = None
    height: int | None = None
    pages: int | None = None
    dtype: str | None = None
    model: str | None = None
    weights: str | None = None
    device: str | None = None
    precision: str | None = None
    strength: float | None = None
    seconds: float | None = None
    error: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(FileEvent):
    """The file would be cleaned (`--dry-run`)."""

    event: ClassVar[str] = "planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(FileEvent):
    """The clean image is on disk."""

    event: ClassVar[str] = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(FileEvent):
    """The file could not be cleaned; the run goes on."""

    event: ClassVar[str] = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(FileEvent):
    """The file was clean already, from an earlier run."""

    event: ClassVar[str] = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(FileEvent):
    """Something that the user should know; the run goes on."""

    event: ClassVar[str] = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """A part of a file, or of a set that is evaluated, is done.

    Attributes:
        input: the file, or the set and its degradation.
        share: fraction done, 0 to 1.
        megapixels: pixels done since the previous event, in millions.
    """

    event: ClassVar[str] = "progress"

    input: str
    share: float
    megapixels: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Denoised:
    """A file is denoised, if not yet written; for the summary alone.

    Attributes:
        pixels: of all its planes.
    """

    event: ClassVar[str] = "denoised"

    pixels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadImages:
    """Images to train on or to measure with were decoded.

    Attributes:
        title: the names of their folders.
        done: how many so far.
        total: how many there are.
    """

    event: ClassVar[str] = "read"

    title: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The run is over: how many files went which way."""

    event: ClassVar[str] = "summary"

    done: int
    failed: int
    skipped: int
    ignored: int
    megapixels: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line for people that belongs to no file.

    Attributes:
        message: the line.
        topic: what it is about, where of several in a run one is enough.
    """

    event: ClassVar[str] = "note"

    message: str
    topic: str | None = None
