"""Draws what the multi-scale CNN's adversarial phase does: the paper's Figures 5 and 6.

    python benchmarks/adversarial_curves.py --init SET --data bsd432/ --clean set12/ --out curves/
    python benchmarks/adversarial_curves.py --out curves/ --plot docs/models/mscnn-adversarial.svg

Trains phase 3 from a set of phase 2 by the recipe `mscnn/adversarial`, alike in seed, images, noise
and steps, with the adversarial term's weight rising, as (1 + s t) / T does, and at its end's value
from the first step on. Forty times on the way the centres of the first seven images of `--clean`
are measured at sigma 10, 15, 20 and 25, as in the paper, with the weights as they are. A run that
is finished is not repeated, one that was interrupted goes on.

`--plot` draws what the runs' `log.csv` hold and needs matplotlib: `pip install matplotlib`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from short_training import ending_as_trainings_do, train

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = (10, 15, 20, 25)
END = 1e-3
VARIANTS = {
    "rising": f"{{start=0.0, end={END}}}",
    "constant": str(END),
}
LINES = {"rising": "-", "constant": ":"}
COLOURS = ("tab:blue", "tab:green", "tab:orange", "tab:red")

Column = list[tuple[int, float]]
"""(step, value) of each row that has one."""


def main() -> None:
    """Train what is missing; draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--init", help="weight set to begin from")
    parser.add_argument("--data", help="folder of images to train on")
    parser.add_argument("--clean", help="folder of images to measure with")
    parser.add_argument("--out", type=Path, required=True, help="for the run folders")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if arguments.init and arguments.data and arguments.clean:
        for name, weight in VARIANTS.items():
            train(
                arguments.out / name,
                "mscnn/adversarial",
                arguments,
                *settings(weight, str(Path(arguments.init).resolve())),
                resume=True,
            )
    if arguments.plot:
        draw(arguments.out, arguments.plot)


def settings(weight: str, begun_from: str) -> list[str]:
    """Return the settings of a run, as of `--set`."""
    adversarial = (
        f'{{kind="adversarial", weight={weight}, lr=1e-4, steps_before=400, lr_before=1e-3}}'
    )
    levels = "|".join(f"gaussian:{each}" for each in LEVELS)
    return [
        f'init="{begun_from}"',
        "options.channels=1",
        "noise=gaussian:0-30",
        "ema=0.0",
        "schedule.kind=constant",
        f"validation.noise={levels}",
        "validation.images=7",
        "validation.every=0.025",
        (
            f'stages=[{{name="adversarial", freeze=["scales.*"], '
            f'loss=[{{kind="mse"}}, {adversarial}]}}]'
        ),
    ]


def column(folder: Path, name: str) -> Column:
    """Return a column of a run's log; none where there is no log yet."""
    path = folder / "log.csv"
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return [
            (int(row["step"]), float(row[name]))
            for row in csv.DictReader(stream)
            if row.get(name) and not row.get("discriminator_step")
        ]


def draw(runs: Path, path: Path) -> None:
    """Draw the runs' curves into a file, of the format that its suffix names."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        sys.exit("--plot needs matplotlib: pip install matplotlib")
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    gain, losses, accuracy = figure.subplots(1, 3)
    for variant, line in LINES.items():
        for level, colour in zip(LEVELS, COLOURS, strict=True):
            found = column(runs / variant, f"validation_psnr_gaussian:{level}")
            changes = [(step, psnr - found[0][1]) for step, psnr in found]
            draw_line(gain, changes, line, colour, f"sigma {level}, {variant}")
        for name, colour in (("adversarial", "tab:purple"), ("discriminator_loss", "tab:brown")):
            label = f"{name.replace('_', ' ').removesuffix(' loss')}, {variant}"
            draw_line(losses, column(runs / variant, name), line, colour, label)
        found = column(runs / variant, "discriminator_accuracy")
        draw_line(accuracy, found, line, "tab:gray", variant)
    for axes, title in (
        (gain, "PSNR over phase 2 (dB)"),
        (losses, "losses"),
        (accuracy, "discriminator's accuracy"),
    ):
        axes.set_title(title)
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=6)
    # the same file from the same curves
    with mpl.rc_context({"svg.hashsalt": "imgclean", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def draw_line(axes: Axes, found: Column, line: str, colour: str, label: str) -> None:
    """Draw one curve, if there is any."""
    if found:
        steps, values = zip(*found, strict=True)
        axes.plot(steps, values, line, color=colour, label=label, linewidth=1.2)


if __name__ == "__main__":
    ending_as_trainings_do(main)
