"""`imgclean evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from imgclean.cli.console import stdout
from imgclean.cli.context import registry
from imgclean.cli.options import (
    CHANNELS,
    ColourOption,
    DeviceOption,
    EnsembleOption,
    JsonOption,
    ModelOption,
    PrecisionOption,
    QuietOption,
    ThreadsOption,
    WeightsOption,
    prepare_process,
)
from imgclean.cli.reporting import reporting

if TYPE_CHECKING:
    from imgclean.events import Evaluated


def evaluate(
    clean: Annotated[list[Path], typer.Argument(help="Folders of clean images, each a set.")],
    noise: Annotated[
        list[str], typer.Option("--noise", help="Level to add, as gaussian:25; repeatable.")
    ],
    model: ModelOption = None,
    weights: WeightsOption = None,
    colour: ColourOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise.")] = 0,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    ensemble: EnsembleOption = False,
    threads: ThreadsOption = None,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure PSNR and SSIM on clean images with noise added, as the papers do.

    The noise is added in float, neither clipped nor rounded; the output is rounded to 8 bits.

    Example: imgclean evaluate cbsd68/ --model dncnn --noise gaussian:15 --noise gaussian:25
    """
    from imgclean.degradation.parsing import parse_degradation
    from imgclean.degradation.spec import Gaussian
    from imgclean.evaluation.protocol import SMALLEST_SIDE
    from imgclean.evaluation.protocol import evaluate as measure
    from imgclean.images.collection import read_clean_images
    from imgclean.inference.selection import Selection
    from imgclean.inference.settings import InferenceSettings

    prepare_process(threads)
    specs = [parse_degradation(text) for text in noise]
    lines: list[Evaluated] = []
    total = len(clean) * len(specs)
    with reporting(total, json_lines=json_lines, quiet=quiet) as emit:
        for folder in clean:
            images = read_clean_images(
                (folder,), channels=colour and CHANNELS[colour], smallest=SMALLEST_SIDE, emit=emit
            )
            for spec in specs:
                sigma = spec.sigma.low if isinstance(spec, Gaussian) else None
                settings = InferenceSettings(
                    device=device, precision=precision, sigma=sigma, ensemble=ensemble
                )
                selection = Selection(registry(), settings, model=model, weights=weights)
                denoiser = selection.denoiser("gray" if images.channels == 1 else "rgb")
                line = measure(images, spec, denoiser, seed=seed, emit=emit)
                emit(line)
                lines.append(line)
    if not json_lines:
        stdout.print(_table(lines))


def _table(lines: list[Evaluated]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))  # 80 columns hold it
    for heading in ("set", "degradation", "weights"):
        table.add_column(heading, overflow="fold")
    for heading in ("images", "noisy\nPSNR", "PSNR", "noisy\nSSIM", "SSIM"):
        table.add_column(heading, justify="right")
    for line in lines:
        table.add_row(
            line.set,
            line.degradation,
            line.weights,
            str(line.images),
            f"{line.input_psnr:.2f}",
            f"{line.psnr:.2f}",
            f"{line.input_ssim:.4f}",
            f"{line.ssim:.4f}",
        )
    return table
