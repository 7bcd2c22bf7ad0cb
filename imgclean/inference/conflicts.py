"""What is refused before a run starts: settings that contradict each other, files in the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting, OutputCollision, OutputExists
from imgclean.images.formats import format_by_name
from imgclean.inference.journal import journaled_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgclean.inference.jobs import FileRules, Job


class Places:
    """Where files are, links to folders followed; each folder is looked up once."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}

    def folder(self, path: Path) -> Path:
        """Return the real folder that a file is in; it need not exist."""
        parent = path.parent
        found = self._folders.get(parent)
        if found is None:
            found = self._folders[parent] = parent.resolve()
        return found

    def of(self, path: Path) -> tuple[Path, str]:
        """Return the same for two paths exactly if they name one entry of one folder."""
        return self.folder(path), path.name


def check_rules(rules: FileRules) -> None:
    """Refuse rules that contradict each other.

    Raises:
        InvalidSetting: they do, or there is no such format.
    """
    if rules.in_place and (rules.output is not None or rules.format is not None):
        raise InvalidSetting("--in-place writes no other file: leave out -o and --format")
    if rules.output == "":
        raise InvalidSetting("-o is empty")
    if rules.suffix == "" and rules.output is None and not rules.in_place:
        raise InvalidSetting("an empty --suffix needs -o", hint="or use --in-place")
    if "/" in rules.suffix or "\\" in rules.suffix:
        raise InvalidSetting(f"--suffix {rules.suffix!r} holds a path separator")
    if rules.format is not None:
        format_by_name(rules.format)
    if rules.save_residual is not None and rules.save_residual.is_file():
        raise InvalidSetting(f"--save-residual {rules.save_residual} is a file: name a folder")
    if rules.in_place and rules.copy_others:
        raise InvalidSetting("--copy-others copies to another folder: leave out --in-place")


def check_copying(rules: FileRules, folders: Sequence[Path]) -> None:
    """Refuse to copy the other files of folders where there is no folder."""
    if rules.copy_others and not folders:
        raise InvalidSetting(
            "--copy-others copies what a folder holds, and no input is a folder",
            hint="name the folder",
        )


def check_pipe(rules: FileRules, *, from_stdin: bool) -> None:
    """Refuse rules that a run cannot keep which reads stdin or writes stdout.

    Raises:
        InvalidSetting: there is one.
    """
    if rules.in_place:
        raise InvalidSetting("--in-place replaces files: stdin and stdout are none")
    if rules.save_residual is not None:
        raise InvalidSetting(
            "--save-residual takes the names of files: stdin and stdout have none",
            hint="name an input and an output file",
        )
    check_copying(rules, ())
    if rules.output is None or rules.output == "-":
        if rules.overwrite or rules.resume:
            option = "--overwrite" if rules.overwrite else "--resume"
            raise InvalidSetting(f"{option} is about files: an image on stdout is none")
    elif from_stdin and (rules.output.endswith(("/", "\\")) or Path(rules.output).is_dir()):
        raise InvalidSetting(
            f"{rules.output} is a folder, and an image from stdin has no name",
            hint="name the file in -o",
        )


def refuse_collisions(
    originals: Iterable[Path], targets: Iterable[tuple[Path, Path]], folders: Iterable[Path]
) -> None:
    """Refuse two inputs with one output, and an output among the inputs.

    Args:
        originals: the images.
        targets: what is written, each with what it is made of.
        folders: the inputs that are folders.

    Raises:
        OutputCollision: there is one.
    """
    places = Places()
    inputs = {places.of(path) for original in originals for path in _names(original)}
    trees = {folder.resolve() for folder in folders}
    around: dict[Path, Path | None] = {}  # of an output's folder: the input that it lies in
    sources: dict[tuple[Path, str], Path] = {}
    for source, target in targets:
        place = places.of(target)
        if place in inputs:
            raise OutputCollision(f"{target} is an input", hint="choose another -o, or --in-place")
        if place in sources:
            raise OutputCollision(
                f"{sources[place]} and {source} would both be written to {target}",
                hint="rename one, or clean them in two runs",
            )
        parent = place[0]
        if parent not in around:
            around[parent] = next(
                (each for each in (parent, *parent.parents) if each in trees), None
            )
        if (tree := around[parent]) is not None:
            raise OutputCollision(
                f"the output {target} lies inside the input {tree}",
                hint="choose an -o outside of it, or use --in-place",
            )
        sources[place] = source


def _names(path: Path) -> tuple[Path, ...]:
    """Return an input, and what it links to."""
    if not path.is_symlink():
        return (path,)
    try:
        return path, path.resolve()
    except (OSError, RuntimeError):  # a link in a circle, which fails when it is read
        return (path,)


def refuse_existing(
    jobs: Sequence[Job],
    copies: Iterable[tuple[Path, Path]],
    rules: FileRules,
    *,
    option: str = "-o",
) -> None:
    """Refuse outputs that exist, unless the rules allow to replace or to leave them.

    Args:
        jobs: what is written.
        copies: what is copied, each with where it goes.
        rules: what the options say.
        option: says where the outputs go.

    Raises:
        OutputExists: there is one.
    """
    if rules.overwrite:
        return
    known: set[Path] = set()
    if rules.resume or rules.in_place:
        for root in {job.root for job in jobs if job.root is not None}:
            known |= journaled_outputs(root)
    existing = [job.output for job in jobs if _exists(job.output) and job.output not in known]
    existing += [
        target
        for source, target in copies
        if _exists(target) and not (rules.resume and is_copy(source, target))
    ]
    if existing:
        more = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        hint = f"use --overwrite to replace it, or another {option}"
        if not (rules.resume or rules.in_place) and any(job.root for job in jobs):
            hint = f"use --overwrite to replace, --resume to go on, or another {option}"
        raise OutputExists(f"{existing[0]} exists{more}", hint=hint)


def _exists(path: Path) -> bool:
    """Whether there is something; what cannot be looked at fails when it is written."""
    try:
        return path.exists()
    except OSError:
        return False


def is_copy(source: Path, target: Path) -> bool:
    """Whether a file looks like an earlier run's copy: the same size and time of modification."""
    try:
        here, there = source.stat(), target.stat()
    except OSError:
        return False
    return (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
