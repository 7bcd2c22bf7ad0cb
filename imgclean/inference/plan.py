"""Which files are cleaned, and where the clean images go. Nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting, NothingToDo
from imgclean.inference import conflicts
from imgclean.inference.gathering import Gathering
from imgclean.inference.inputs import is_folder
from imgclean.inference.jobs import STREAM, FileRules, Job, Plan
from imgclean.inference.naming import format_of_named, named_output, substituted_format
from imgclean.inference.residual_conflicts import refuse_residual_collisions, residual_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imgclean.inference.file_list import Listed

__all__ = ["FileRules", "Job", "Plan", "make_plan"]


def make_plan(
    inputs: Sequence[Path], rules: FileRules, listed: Sequence[Listed] | None = None
) -> Plan:
    """Return what to do, or refuse before anything is written.

    `photos/` goes to `photos-clean/` with the tree mirrored, `a.png` to `a-clean.png`. An
    `output` is a folder if it is one, ends in a separator, or there are several inputs, a list or
    a folder; otherwise it is a file whose suffix sets the format. Several folders go to
    `OUTPUT/<name>/`; what a list names keeps its path below OUTPUT.

    Args:
        inputs: files and folders; `-` alone for an image from stdin.
        rules: what the options say.
        listed: the paths of a list; None if there is none.

    Raises:
        InputNotFound: an input does not exist.
        NothingToDo: there is no image among the inputs.
        InvalidSetting: settings contradict each other, an output's suffix is no format, or an
            input is neither a file nor a folder.
        OutputCollision: two inputs share an output, or an output lies among the inputs.
        OutputExists: an output exists, and the rules do not allow to replace it.
    """
    conflicts.check_rules(rules)
    inputs = list(dict.fromkeys(inputs))
    if STREAM in inputs or rules.output == str(STREAM):
        return Plan((_piped_job(inputs, rules, listed),))
    if not inputs and listed is None:
        raise InvalidSetting(
            "there is nothing to clean",
            hint="name an image or a folder, or a list of them with --files-from",
        )
    gathering = Gathering(rules, alone=len(inputs) == 1 and listed is None)
    named = [(path, is_folder(path)) for path in inputs]
    from_list = [(each.path, is_folder(each.path, each.place)) for each in listed or ()]
    folders = [path for path, folder in (*named, *from_list) if folder]
    conflicts.check_copying(rules, folders)
    for path, folder in named:
        (gathering.take_named_folder if folder else gathering.take_named_file)(path)
    for path, folder in from_list:
        (gathering.take_listed_folder if folder else gathering.take_listed_file)(path)
    return _checked(gathering, folders, [path for path, _ in (*named, *from_list)], rules)


def _checked(
    gathering: Gathering, folders: list[Path], inputs: list[Path], rules: FileRules
) -> Plan:
    jobs = gathering.jobs()
    if not jobs:
        where = ", ".join(str(path) for path in inputs[:3]) + (", ..." if inputs[3:] else "")
        raise NothingToDo(f"no image in {where}", hint="see `imgclean denoise --help` on filters")
    copies = gathering.others
    made, residuals = [] if rules.in_place else list(jobs), []
    targets = [(job.input, job.output) for job in made] + copies
    originals = [job.input for job in jobs]
    if not rules.in_place:
        conflicts.refuse_collisions(originals, targets, folders)
    if rules.save_residual is not None:
        residuals = residual_jobs(jobs, rules.save_residual)
        refuse_residual_collisions(residuals, originals, targets, folders)
    conflicts.refuse_existing(made, copies, rules)
    conflicts.refuse_existing(residuals, (), rules, option="--save-residual")
    return Plan(
        tuple(jobs),
        gathering.ignored,
        others=tuple(gathering.others),
        unreadable=tuple(gathering.unreadable),
        notes=tuple(gathering.notes()),
    )


def _piped_job(inputs: Sequence[Path], rules: FileRules, listed: Sequence[Listed] | None) -> Job:
    """Return the one job of a run that reads stdin or writes stdout."""
    if len(inputs) != 1 or listed is not None:
        raise InvalidSetting(
            "stdin and stdout take one image", hint="name one file, or - for an image from stdin"
        )
    (path,) = inputs
    from_stdin = path == STREAM
    if not from_stdin and is_folder(path):
        raise InvalidSetting(f"{path} is a folder, and stdout takes one image", hint="name a file")
    conflicts.check_pipe(rules, from_stdin=from_stdin)
    if rules.output is None or rules.output == str(STREAM):
        return Job(path, STREAM, rules.format or substituted_format(path), None)
    output = named_output(rules.output)
    job = Job(path, output, format_of_named(output, rules), output.parent if rules.resume else None)
    conflicts.refuse_existing([job], [], rules)
    return job
