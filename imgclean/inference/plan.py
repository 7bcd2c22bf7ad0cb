"""Which files are cleaned, and where the clean images go. Nothing is read or written here."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.errors import (
    InputNotFound,
    InvalidSetting,
    NothingToDo,
    OutputCollision,
    OutputExists,
)
from imgclean.images.formats import format_by_name, format_of_suffix
from imgclean.images.walk import find_images
from imgclean.inference.journal import journaled_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Job:
    """One image to clean.

    Attributes:
        input: the noisy image.
        output: where the clean one goes; the input itself when in place.
        format: name of the format to write, or None for the input's own.
        root: folder whose journal records the output, or None for no journal.
    """

    input: Path
    output: Path
    format: str | None
    root: Path | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    Attributes:
        jobs: the images, in order.
        ignored: files met in folders that are not images or were filtered out.
    """

    jobs: tuple[Job, ...]
    ignored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """What the command line's options of the same names say about files.

    Attributes:
        output: path of a file or a folder, or None for names made with `suffix`.
        suffix: added to the name of a file or a folder where there is no `output`.
        recursive: walk folders to the bottom.
        include, exclude: glob patterns on a file's name or its path in its folder.
        format: name of the format to write, or None for each input's own.
        quality: 1 to 100 for lossy formats, or None for as close to the source's as can be.
        in_place: outputs replace inputs; what an earlier run cleaned is left alone.
        overwrite: outputs may replace files.
        resume: go on with an earlier run; what it finished is left alone.
    """

    output: str | None = None
    suffix: str = "-clean"
    recursive: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    format: str | None = None
    quality: int | None = None
    in_place: bool = False
    overwrite: bool = False
    resume: bool = False


def make_plan(inputs: Sequence[Path], rules: FileRules) -> Plan:
    """Return what to do, or refuse before anything is written.

    `photos/` goes to `photos-clean/` with the tree mirrored, `a.png` to `a-clean.png`. An
    `output` is a folder if it is one, ends in a separator, or there are several inputs or a
    folder; otherwise it is a file whose suffix sets the format. Several folders go to
    `OUTPUT/<name>/`.

    Raises:
        InputNotFound: an input does not exist.
        NothingToDo: there is no image among the inputs.
        InvalidSetting: settings contradict each other, or an output's suffix is no format.
        OutputCollision: two inputs share an output, or an output lies among the inputs.
        OutputExists: an output exists, and the rules do not allow to replace it.
    """
    _check_rules(rules)
    inputs = list(dict.fromkeys(inputs))
    for path in inputs:
        if not path.exists():
            raise InputNotFound(f"{path} does not exist")
    jobs: list[Job] = []
    ignored = 0
    for path in inputs:
        if path.is_dir():
            found, passed = _folder_jobs(path, rules, alone=len(inputs) == 1)
            jobs += found
            ignored += passed
        else:
            jobs.append(_file_job(path, rules, alone=len(inputs) == 1))
    if not jobs:
        where = ", ".join(str(path) for path in inputs)
        raise NothingToDo(f"no image in {where}", hint="see `imgclean denoise --help` on filters")
    if not rules.in_place:
        _refuse_collisions(jobs, [path for path in inputs if path.is_dir()])
        _refuse_existing(jobs, rules)
    return Plan(tuple(jobs), ignored)


def _check_rules(rules: FileRules) -> None:
    if rules.in_place and (rules.output is not None or rules.format is not None):
        raise InvalidSetting("--in-place writes no other file: leave out -o and --format")
    if rules.suffix == "" and rules.output is None and not rules.in_place:
        raise InvalidSetting("an empty --suffix needs -o", hint="or use --in-place")
    if "/" in rules.suffix or "\\" in rules.suffix:
        raise InvalidSetting(f"--suffix {rules.suffix!r} holds a path separator")
    if rules.format is not None:
        format_by_name(rules.format)


def _folder_jobs(folder: Path, rules: FileRules, *, alone: bool) -> tuple[list[Job], int]:
    """Return the folder's jobs, and how many files were passed by."""
    found = find_images(folder, recursive=rules.recursive)
    if rules.in_place:
        root = folder
    elif rules.output is None:
        named = folder if folder.name not in ("", "..") else folder.resolve()
        root = named.with_name(f"{named.name}{rules.suffix}")
    else:
        root = Path(rules.output) if alone else Path(rules.output) / folder.resolve().name
    jobs = []
    for path in found.images:
        relative = path.relative_to(folder)
        if _wanted(relative, rules):
            output = path if rules.in_place else root / _with_format(relative, rules)
            jobs.append(Job(path, output, rules.format, root))
    return jobs, found.ignored + len(found.images) - len(jobs)


def _file_job(path: Path, rules: FileRules, *, alone: bool) -> Job:
    if rules.in_place:
        return Job(path, path, None, path.parent)
    name = _with_format(Path(path.name), rules)
    if rules.output is None:
        output = path.with_name(f"{path.stem}{rules.suffix}{name.suffix}")
        return Job(path, output, rules.format, path.parent if rules.resume else None)
    if not alone or Path(rules.output).is_dir() or rules.output.endswith(("/", "\\")):
        root = Path(rules.output)
        return Job(path, root / name, rules.format, root)
    output = Path(rules.output)
    return Job(path, output, _format_of(output, rules), output.parent if rules.resume else None)


def _format_of(output: Path, rules: FileRules) -> str:
    """Return the format to write a named output file in."""
    if rules.format is not None:
        return rules.format
    found = format_of_suffix(output)
    if found is None:
        raise InvalidSetting(
            f"{output}: {output.suffix or 'no suffix'} is not the suffix of a format to write",
            hint="use .png, .jpg or .tif, end a folder's name with /, or set --format",
        )
    return found.name


def _with_format(relative: Path, rules: FileRules) -> Path:
    if rules.format is None:
        return relative
    return relative.with_suffix(format_by_name(rules.format).suffixes[0])


def _wanted(relative: Path, rules: FileRules) -> bool:
    """Whether a file of a folder is cleaned; patterns match its name or its path there."""

    def matches(patterns: Iterable[str]) -> bool:
        return any(
            fnmatch(relative.as_posix(), each) or fnmatch(relative.name, each) for each in patterns
        )

    return (not rules.include or matches(rules.include)) and not matches(rules.exclude)


def _refuse_collisions(jobs: list[Job], folders: list[Path]) -> None:
    inputs = {job.input.resolve() for job in jobs}
    sources: dict[Path, Path] = {}
    trees = [folder.resolve() for folder in folders]
    for job in jobs:
        target = job.output.resolve()
        if target in inputs:
            raise OutputCollision(
                f"{job.output} is an input", hint="choose another -o, or use --in-place"
            )
        if target in sources:
            raise OutputCollision(
                f"{sources[target]} and {job.input} would both be written to {job.output}",
                hint="rename one, or clean them in two runs",
            )
        for tree in trees:
            if target.is_relative_to(tree):
                raise OutputCollision(
                    f"the output {job.output} lies inside the input {tree}",
                    hint="choose an -o outside of it, or use --in-place",
                )
        sources[target] = job.input


def _refuse_existing(jobs: list[Job], rules: FileRules) -> None:
    if rules.overwrite:
        return
    known: set[Path] = set()
    if rules.resume:
        for root in {job.root for job in jobs if job.root is not None}:
            known |= journaled_outputs(root)
    existing = [job.output for job in jobs if job.output.exists() and job.output not in known]
    if existing:
        more = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        hint = "use --overwrite to replace it, or another -o"
        if not rules.resume and any(job.root for job in jobs):
            hint = "use --overwrite to replace, --resume to go on, or another -o"
        raise OutputExists(f"{existing[0]} exists{more}", hint=hint)
