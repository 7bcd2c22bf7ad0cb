"""`imgclean degrade`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgclean.cli.exit_codes import exit_code_of
from imgclean.cli.options import JsonOption, OverwriteOption, QuietOption, input_path
from imgclean.cli.reporting import reporting
from imgclean.cli.running import check_streams, run_batch
from imgclean.errors import OutputCollision, OutputExists


def degrade(
    clean: Annotated[
        Path, typer.Argument(metavar="IN", parser=input_path, help="Clean image, or a folder.")
    ],
    noisy: Annotated[str, typer.Argument(metavar="OUT", help="File or folder to write to.")],
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="What to apply, as gaussian:25 or jpeg:5-99.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    overwrite: OverwriteOption = False,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make noisy, compressed or shrunk and enlarged images of clean ones, to test with.

    Format, bit depth, metadata and alpha stay as they are. Integers are rounded and clipped.

    Exit codes: as of denoise.

    Example: imgclean degrade photos/ noisy/ gaussian:25
    """
    import dataclasses

    from imgclean.degradation.parsing import parse_degradation
    from imgclean.degradation.spec import require_applicable
    from imgclean.evaluation.trials import scale_of
    from imgclean.inference.degrading import Degrading
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.plan import FileRules, make_plan
    from imgclean.inference.run import in_process

    degradation = parse_degradation(spec)
    require_applicable(degradation)
    rules = FileRules(output=noisy, overwrite=overwrite)
    try:
        plan = make_plan([clean], rules)
    except (OutputExists, OutputCollision) as error:
        error.hint = "name another OUT" + ", or use --overwrite" * isinstance(error, OutputExists)
        raise
    check_streams(plan, json_lines=json_lines, dry_run=False)
    jobs = tuple(dataclasses.replace(each, root=None) for each in plan.jobs)  # no journal
    plan = dataclasses.replace(plan, jobs=jobs)
    images = ImageRules(provenance=False, again=True, multiple=scale_of(degradation))
    treatment = Degrading(degradation, seed, clean if clean.is_dir() else None)
    total = len(plan.jobs) + len(plan.unreadable)
    with reporting(total, json_lines=json_lines, quiet=quiet, done="degraded") as emit:
        work = in_process(plan.jobs, treatment, rules, images)
        summary = run_batch(plan, work, rules, images, emit)
    raise typer.Exit(exit_code_of(summary))
