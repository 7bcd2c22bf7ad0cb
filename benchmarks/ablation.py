"""Repeats DnCNN's Figure 2 at a CPU's scale: residual or direct, with or without batch norm.

    python benchmarks/ablation.py --data train400/ --clean set12/ --out curves/
    python benchmarks/ablation.py --out curves/ --plot docs/models/dncnn-ablation.svg

Eight trainings by the recipe `dncnn/ablation`, four by SGD and four by Adam (as AdamW), alike in
seed, images, steps and schedule but for the two switches. Twenty times on the way each is measured
on the centre of every image of `--clean` at sigma 25, its weights as they are. The curves go to
`curves.csv` in `--out` as soon as a variant is finished; one that is there is skipped, one that was
interrupted goes on. Several processes may share the work: `--only sgd-residual-norm --only ...`.

`--plot` draws what the file holds and needs matplotlib, which imgclean does not:
`pip install matplotlib`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from ablation_curves import Curve, Variant, draw, read_curves, write_curve
from rich.console import Console
from short_training import ending_as_trainings_do, train

SETTINGS = {
    # a tenth of the paper's rates, 1e-1 to 1e-4, at which one network ends as the identity
    "sgd": ("optimiser.name=sgd", "optimiser.lr=0.01", "schedule.end=1e-3"),
    # the rates of the authors' code, 1e-3 to 1e-4
    "adamw": ("optimiser.name=adamw", "optimiser.lr=1e-3", "schedule.end=0.1"),
}
VARIANTS = {
    each.name: each
    for each in (
        Variant(optimiser, residual, batch_norm)
        for optimiser in SETTINGS
        for residual in (True, False)
        for batch_norm in (True, False)
    )
}
say = Console(stderr=True, highlight=False).print


def main() -> None:
    """Train what is missing, then draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder of images to train on")
    parser.add_argument("--clean", help="folder of images to measure with")
    parser.add_argument("--out", type=Path, required=True, help="for curves and run folders")
    parser.add_argument("--steps", type=int, default=1500, help="of each, batch 8 of 40x40")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", action="append", choices=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--plot", type=Path, help="file for the figure, as .svg or .png")
    arguments = parser.parse_args()
    if not (arguments.plot or (arguments.data and arguments.clean)):
        parser.error("--data and --clean are for training, --plot alone draws what is there")
    table = arguments.out / "curves.csv"
    if arguments.data and arguments.clean:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name in arguments.only or VARIANTS:
            add_curve(VARIANTS[name], table, arguments)
    if arguments.plot:
        draw(read_curves(table), arguments.plot)


def add_curve(variant: Variant, table: Path, arguments: argparse.Namespace) -> None:
    """Train a variant, unless its curve is there, and append its curve to the table."""
    curves = read_curves(table)
    lengths = {curve[-1][0] for curve in curves.values()} - {arguments.steps}
    if lengths:
        sys.exit(f"{table} holds curves of {lengths.pop():,} steps; take another --out")
    if variant in curves:
        say(f"{variant.name} is there")
        return
    run = arguments.out / variant.name
    config = train(
        run,
        "dncnn/ablation",
        arguments,
        f"options.residual={str(variant.residual).lower()}",
        f"options.batch_norm={str(variant.batch_norm).lower()}",
        *SETTINGS[variant.optimiser],
        resume=True,
    )
    write_curve(table, variant, measured(run / "log.csv"))
    (whole,) = config["results"]
    say(f"{variant.name}: {whole['psnr']:.2f} dB on the whole images of {whole['set']}")


def measured(log: Path) -> Curve:
    """Return what a run's log has of its measurements: (step, PSNR in dB) each."""
    with log.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = {int(row["step"]): row["validation_psnr"] for row in rows if row["validation_psnr"]}
    return [(step, float(psnr)) for step, psnr in sorted(found.items())]


if __name__ == "__main__":
    ending_as_trainings_do(main)
