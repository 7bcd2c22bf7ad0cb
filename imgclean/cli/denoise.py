"""`imgclean denoise`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgclean.cli.context import registry
from imgclean.cli.exit_codes import exit_code_of
from imgclean.cli.options import (
    CLEANING,
    RUNNING,
    DeviceOption,
    EnsembleOption,
    JsonOption,
    ModelOption,
    PrecisionOption,
    QuietOption,
    ThreadsOption,
    WeightsOption,
    parse_tile,
    use_threads,
)
from imgclean.cli.reporting import reporting
from imgclean.events import Note

_FILES = "Files"


def denoise(
    inputs: Annotated[list[Path], typer.Argument(help="Images, or folders of images.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=_FILES,
            help="File or folder to write to; by default photos/ goes to photos-clean/ and a.png "
            "to a-clean.png.",
        ),
    ] = None,
    model: ModelOption = None,
    weights: WeightsOption = None,
    sigma: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=CLEANING,
            help="Noise standard deviation in grey levels of 255, where known.",
        ),
    ] = None,
    strength: Annotated[
        float,
        typer.Option(rich_help_panel=CLEANING, help="Share of the change to apply, 0 to 1."),
    ] = 1.0,
    ensemble: EnsembleOption = False,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    tile: Annotated[
        str,
        typer.Option(rich_help_panel=RUNNING, help="Side of a tile in pixels, auto or none."),
    ] = "auto",
    threads: ThreadsOption = None,
    recursive: Annotated[
        bool, typer.Option(rich_help_panel=_FILES, help="Walk folders to the bottom.")
    ] = True,
    include: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=_FILES, help="Only files that match, as '*.tif'; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=_FILES, help="No files that match; repeatable."),
    ] = None,
    file_format: Annotated[
        str,
        typer.Option("--format", rich_help_panel=_FILES, help="keep, png, tiff or jpeg."),
    ] = "keep",
    quality: Annotated[
        int | None,
        typer.Option(
            min=1, max=100, rich_help_panel=_FILES, help="JPEG quality; by default the source's."
        ),
    ] = None,
    suffix: Annotated[
        str, typer.Option(rich_help_panel=_FILES, help="Added to names where no -o is given.")
    ] = "-clean",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", rich_help_panel=_FILES, help="Replace outputs.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", rich_help_panel=_FILES, help="Go on with an interrupted run."),
    ] = False,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", rich_help_panel=_FILES, help="Replace the inputs; each once."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", rich_help_panel=RUNNING, help="Only say what would be done."),
    ] = False,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="A line for each file, on a terminal too.")
    ] = False,
) -> None:
    """Clean noise out of images. Bit depth, metadata, alpha and names stay as they are.

    Exit codes: 0 all done; 1 device or weights; 2 usage; 3 some files failed; 4 all failed;
    130 interrupted.

    Example: imgclean denoise photos/ --model dncnn
    """
    from imgclean.inference.batch import Batch, announce
    from imgclean.inference.plan import FileRules, make_plan
    from imgclean.inference.selection import Selection
    from imgclean.inference.settings import InferenceSettings

    use_threads(threads)
    rules = FileRules(
        output=output,
        suffix=suffix,
        recursive=recursive,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        format=None if file_format == "keep" else file_format,
        quality=quality,
        in_place=in_place,
        overwrite=overwrite,
        resume=resume,
    )
    settings = InferenceSettings(
        sigma=sigma,
        strength=strength,
        ensemble=ensemble,
        device=device,
        precision=precision,
        tile=parse_tile(tile),
    )
    plan = make_plan(inputs, rules)
    selection = Selection(registry(), settings, model=model, weights=weights)
    list_files = verbose if json_lines else verbose or dry_run or None
    with reporting(
        len(plan.jobs), json_lines=json_lines, quiet=quiet, list_files=list_files
    ) as emit:
        if dry_run:
            announce(plan, selection, emit)
            count = len(plan.jobs)
            emit(Note(message=f"{count} image{'s' * (count > 1)} to clean; nothing was written"))
            return
        try:
            summary = Batch(plan, selection, rules, emit).run()
        except KeyboardInterrupt:
            if any(job.root for job in plan.jobs):
                emit(Note(message="interrupted; --resume goes on from here"))
            raise
    raise typer.Exit(exit_code_of(summary))
