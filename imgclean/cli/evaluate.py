"""`imgclean evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from imgclean.cli.assignments import model_options
from imgclean.cli.console import stdout
from imgclean.cli.context import registry
from imgclean.cli.evaluation_table import evaluation_table
from imgclean.cli.options import (
    CLEANING,
    BackendOption,
    DeviceOption,
    EnsembleOption,
    ExcludeOption,
    IncludeOption,
    JsonOption,
    PrecisionOption,
    QuietOption,
    SetOption,
    ThreadsOption,
    WeightSetsOption,
    prepare_process,
)
from imgclean.cli.regions_table import regions_table
from imgclean.cli.reporting import reporting
from imgclean.errors import InvalidSetting
from imgclean.events import Evaluated, EvaluatedImage, EvaluatedRegions

if TYPE_CHECKING:
    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.tables import Line

MEASURING = "Measuring"


def evaluate(
    clean: Annotated[list[Path], typer.Argument(help="Folders of clean images, each a set.")],
    noise: Annotated[
        list[str] | None,
        typer.Option("--noise", help="What to apply, as gaussian:25 or jpeg:10; repeatable."),
    ] = None,
    noisy: Annotated[
        Path | None,
        typer.Option("--noisy", help="Folder of real noisy images, in place of --noise."),
    ] = None,
    match: Annotated[
        str | None,
        typer.Option(help="From a clean name to its noisy one, as 's/_mean/_real/'."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            rich_help_panel=CLEANING,
            help="Model; see `imgclean models`; repeatable.",
        ),
    ] = None,
    weights: WeightSetsOption = None,
    options: SetOption = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            rich_help_panel=CLEANING,
            help="A classical method too: bm3d or nlm; repeatable.",
        ),
    ] = None,
    include: IncludeOption = None,
    exclude: ExcludeOption = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure",
            rich_help_panel=MEASURING,
            help="Beside PSNR and SSIM: blur or lpips; repeatable.",
        ),
    ] = None,
    colour: Annotated[
        Literal["gray", "rgb", "y"] | None,
        typer.Option(
            "--colour",
            rich_help_panel=MEASURING,
            help="Measure gray, RGB or luma; by default as the papers do.",
        ),
    ] = None,
    crop: Annotated[
        int | None,
        typer.Option(
            min=1,
            rich_help_panel=MEASURING,
            help="Measure this many pixels square from each image's centre.",
        ),
    ] = None,
    unrounded: Annotated[
        bool,
        typer.Option(
            "--unrounded",
            rich_help_panel=MEASURING,
            help="Measure the output as it is, neither clamped nor rounded.",
        ),
    ] = False,
    per_image: Annotated[
        bool,
        typer.Option("--per-image", rich_help_panel=MEASURING, help="A line for each image too."),
    ] = False,
    regions: Annotated[
        bool,
        typer.Option(
            "--regions",
            rich_help_panel=MEASURING,
            help="PSNR in textured and in smooth regions too.",
        ),
    ] = False,
    regions_plot: Annotated[
        Path | None,
        typer.Option(
            "--regions-plot",
            rich_help_panel=MEASURING,
            help="The regions of two models as a plot, a PNG.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, rich_help_panel=MEASURING, help="Of the noise.")] = 0,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "fp32",
    backend: BackendOption = "auto",
    ensemble: EnsembleOption = False,
    threads: ThreadsOption = None,
    json_lines: JsonOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="The table as CSV.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table in Markdown.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Measure PSNR and SSIM of models on clean images that are degraded, or on real pairs.

    As the papers do: noise is added in float, JPEG and enlargement are on luma.
    Where the model's paper has the figure, it stands beside.

    Example: imgclean evaluate cbsd68/ --model dncnn --noise gaussian:15 --noise gaussian:25
    """
    _check(clean, noise, noisy, match)
    if json_lines + csv + markdown > 1:
        raise InvalidSetting("--json, --csv and --markdown exclude each other")
    from imgclean.degradation.spec import Pairs
    from imgclean.evaluation.contenders import Contenders
    from imgclean.evaluation.measures import make_measures, require_measures
    from imgclean.evaluation.region_plot import require_plot, write_plot
    from imgclean.evaluation.run import Evaluation
    from imgclean.images.name_rules import NameRules
    from imgclean.inference.devices import require_one_device
    from imgclean.inference.settings import InferenceSettings

    require_one_device(device)
    prepare_process(threads)
    degradations = _degradations(noise)
    measured = require_measures(measure or ())
    contenders = Contenders(
        registry(),
        InferenceSettings(
            device=device,
            precision=precision,
            backend=backend,
            ensemble=ensemble,
            options=model_options(options),
        ),
        models=tuple(dict.fromkeys(model or ())),
        weights=tuple(dict.fromkeys(weights or ())),
        baselines=tuple(dict.fromkeys(baseline or ())),
    )
    if regions_plot is not None:
        require_plot(regions_plot, len(contenders))
    contenders.prepare(degradations or (Pairs(),))
    lines: list[Line | EvaluatedRegions] = []
    total = len(clean) * max(len(degradations), 1) * len(contenders)
    try:
        with reporting(total, json_lines=json_lines, quiet=quiet) as emit:

            def collect(event: object) -> None:
                if isinstance(event, Evaluated | EvaluatedImage | EvaluatedRegions):
                    lines.append(event)
                emit(event)

            evaluation = Evaluation(
                contenders=contenders,
                rules=NameRules(tuple(include or ()), tuple(exclude or ())),
                emit=collect,
                colour=colour,
                seed=seed,
                per_image=per_image,
                regions=regions or regions_plot is not None,
                crop=crop,
                unrounded=unrounded,
                measures=make_measures(measured, emit),
            )
            if noisy is None:
                evaluation.measure_sets(clean, degradations)
            else:
                evaluation.measure_pairs(noisy, clean[0], match)
    finally:  # an error or Ctrl-C leaves the lines that were finished
        if lines and not json_lines:
            _print(lines, csv=csv, markdown=markdown)
    if regions_plot is not None:
        write_plot([line for line in lines if isinstance(line, EvaluatedRegions)], regions_plot)


def _degradations(noise: list[str] | None) -> tuple[Degradation, ...]:
    """Return what `--noise` names, each once, of one level each."""
    from imgclean.degradation.parsing import parse_degradation
    from imgclean.evaluation.protocol import require_one_level

    degradations = tuple(dict.fromkeys(parse_degradation(text) for text in noise or ()))
    for each in degradations:
        require_one_level(each)
    return degradations


def _print(lines: list[Line | EvaluatedRegions], *, csv: bool, markdown: bool) -> None:
    """Print the table to stdout, and that of the regions below it."""
    from imgclean.evaluation.tables import as_csv, as_markdown, regions_as_markdown

    regions = [line for line in lines if isinstance(line, EvaluatedRegions)]
    scores = [line for line in lines if not isinstance(line, EvaluatedRegions)]
    if csv:
        typer.echo(as_csv(lines), nl=False)
    elif markdown:
        typer.echo(as_markdown(scores), nl=False)
        if regions:
            typer.echo(f"\n{regions_as_markdown(regions)}", nl=False)
    else:
        stdout.print(evaluation_table(scores, stdout.width))
        if regions:
            stdout.print()
            stdout.print(regions_table(regions, stdout.width))


def _check(
    clean: list[Path], noise: list[str] | None, noisy: Path | None, match: str | None
) -> None:
    """Refuse options that contradict each other."""
    if bool(noise) == bool(noisy):
        raise InvalidSetting(
            "either --noise or --noisy is needed, not both",
            hint="as --noise gaussian:25, or --noisy and a folder of real noisy images",
        )
    if match is not None and noisy is None:
        raise InvalidSetting("--match is about the images in --noisy")
    if noisy is not None and len(clean) > 1:
        raise InvalidSetting("--noisy takes one folder of clean images")
