"""`imgclean bench`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from imgclean.cli.assignments import model_options
from imgclean.cli.console import stdout
from imgclean.cli.context import registry
from imgclean.cli.denoise_options import TileOption
from imgclean.cli.exit_codes import ALL_FAILED, DONE, SOME_FAILED
from imgclean.cli.options import (
    RUNNING,
    BackendOption,
    DeviceOption,
    JsonOption,
    PrecisionName,
    QuietOption,
    SetOption,
    ThreadsOption,
    WeightSetsOption,
    parse_tile,
    prepare_process,
)
from imgclean.cli.reporting import reporting
from imgclean.events import Benched, Failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import JustifyMethod

_COLUMNS = {
    "": "weights",
    "pre-\ncision": "precision",
    "side": "width",
    "ms\nper MP": "ms_per_megapixel",
    "GFLOP/s": "rate",
    "of\nmatmul": "share",
    "peak\nMiB": "peak_memory_mib",
    "PSNR\ndB": "psnr",
    "cost\ndB": "psnr_cost",
}
_DIGITS = {
    "ms_per_megapixel": ",.1f",
    "rate": ",.1f",
    "share": ".0%",
    "peak_memory_mib": ",.0f",
    "psnr": ".2f",
    "psnr_cost": ".3f",
}


def bench(
    model: Annotated[
        list[str] | None,
        typer.Argument(help="Models; by default all that can be used."),
    ] = None,
    weights: WeightSetsOption = None,
    options: SetOption = None,
    size: Annotated[
        list[int] | None,
        typer.Option(min=16, help="Side of the image in pixels, by default 1000; repeatable."),
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="How often it is cleaned; the median counts.")
    ] = 5,
    device: DeviceOption = "auto",
    precision: Annotated[
        PrecisionName,
        typer.Option(
            rich_help_panel=RUNNING,
            help="Arithmetic. auto: all in which the model is safe and the device fast.",
        ),
    ] = "auto",
    backend: BackendOption = "auto",
    tile: TileOption = "auto",
    threads: ThreadsOption = None,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure how fast models are on this machine, how much memory they take, and their PSNR.

    The speed stands beside that of a matrix product in the same precision, measured by turns;
    PSNR beside that in fp32.

    Example: imgclean bench dncnn --size 512 --size 1000
    """
    from imgclean.evaluation.bench import Bench, BenchRules
    from imgclean.inference.devices import require_one_device
    from imgclean.inference.settings import InferenceSettings

    require_one_device(device)
    prepare_process(threads)
    measured = Bench(
        registry(),
        InferenceSettings(
            device=device,
            precision=precision,
            backend=backend,
            tile=parse_tile(tile),
            options=model_options(options),
        ),
        BenchRules(sides=tuple(dict.fromkeys(size or (1000,))), rounds=rounds),
        models=tuple(dict.fromkeys(model or ())),
        weights=tuple(dict.fromkeys(weights or ())),
    )
    lines: list[Benched] = []
    failed = 0
    try:
        with reporting(len(measured), json_lines=json_lines, quiet=quiet) as emit:

            def collect(event: object) -> None:
                nonlocal failed
                failed += isinstance(event, Failed)
                if isinstance(event, Benched):
                    lines.append(event)
                emit(event)

            measured.run(collect)
    finally:  # an error or Ctrl-C leaves the lines that were finished
        if lines and not json_lines:
            stdout.print(bench_table(lines))
    if failed:
        raise typer.Exit(SOME_FAILED if lines else ALL_FAILED)
    raise typer.Exit(DONE)


def bench_table(lines: Sequence[Benched]) -> Table:
    """Return the lines as a table of 80 columns."""
    import torch

    from imgclean.inference.device import device_name

    device = torch.device(lines[0].device)
    title = f"{device_name(device)}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), title=title)
    for heading, name in _COLUMNS.items():
        figure = name in _DIGITS
        justify: JustifyMethod = "right" if figure else "left"
        table.add_column(heading, justify=justify, no_wrap=figure, overflow="fold")
    for line in lines:
        table.add_row(*(_shown(line, name) for name in _COLUMNS.values()))
    return table


def _shown(line: Benched, name: str) -> str:
    value = getattr(line, name)
    return "" if value is None else format(value, _DIGITS.get(name, ""))
