"""Measures what the parts of the multi-scale CNN's first two phases are worth.

    python benchmarks/mscnn_ablation.py --data bsd432/ --clean set12/ --out ablation/
    python benchmarks/mscnn_ablation.py --out ablation/

Trainings by the recipe `mscnn/ablation`, alike in seed, images, noise, steps and schedule: with and
without the damping gate and clean-to-clean training, and with several penalties on the weights of
L5 and L6. Each is measured at sigma 25 on all of `--clean`. Results go to `results.csv` in `--out`
as soon as a variant is finished; one that is there is skipped, one that was interrupted goes on.
The second form prints what is there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from results_file import append_result, read_results
from rich.console import Console
from rich.table import Table
from safetensors.torch import load_file
from short_training import ending_as_trainings_do, train

_PENALISED = ("reconstruction.0.weight", "reconstruction.2.weight")
_NEAR_ZERO = 1e-3
_SCALE = 40 * 40 / 2  # of a patch's half sum of squares, in units of its mean squared error

say = Console(stderr=True, highlight=False).print


def stages(
    *, first: float = 0.0, damping: bool = True, p: float = 0.1, penalty: float = 0.0
) -> str:
    """Return the stages of a variant.

    Args:
        first: share of the steps that are clean to clean, after which L1 is frozen; 0 for none.
        damping: whether there is a gate.
        p, penalty: the exponent, and the weight lambda beside a mean squared error.
    """
    gate = str(damping).lower()
    terms = ['{kind="mse", reduction="half-sum"}']
    if penalty:
        names = ", ".join(f'"{each}"' for each in _PENALISED)
        terms.append(
            f'{{kind="weight_penalty", parameters=[{names}], p={p}, weight={penalty * _SCALE}}}'
        )
    loss = f"loss=[{', '.join(terms)}]"
    if not first:
        return f'stages=[{{name="noisy", options={{damping={gate}}}, {loss}}}]'
    clean = 'noise="gaussian:0", options={damping=false, dropout=0.7}'
    noisy = f'freeze=["scales.*"], options={{damping={gate}}}, {loss}'
    return (
        f'stages=[{{name="clean", share={first}, {clean}}}, '
        f'{{name="noisy", share={1 - first}, {noisy}}}]'
    )


SHORT, LONG = 0.03, 0.25
VARIANTS = {
    "both phases": stages(first=SHORT),
    "both phases, no gate": stages(first=SHORT, damping=False),
    "both phases, the first long": stages(first=LONG),
    "noisy to clean alone": stages(),
    "noisy to clean alone, no gate": stages(damping=False),
    "p 0.1, lambda 1e-7": stages(first=SHORT, penalty=1e-7),
    "p 0.1, lambda 1e-6": stages(first=SHORT, penalty=1e-6),
    "p 0.1, lambda 1e-5": stages(first=SHORT, penalty=1e-5),
    "p 0.5, lambda 1e-6": stages(first=SHORT, p=0.5, penalty=1e-6),
    "p 1, lambda 1e-6": stages(first=SHORT, p=1.0, penalty=1e-6),
    "p 0.5, lambda 1e-5": stages(first=SHORT, p=0.5, penalty=1e-5),
    "p 1, lambda 1e-5": stages(first=SHORT, p=1.0, penalty=1e-5),
}


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder of images to train on")
    parser.add_argument("--clean", help="folder of images to measure with")
    parser.add_argument("--out", type=Path, required=True, help="for results and run folders")
    parser.add_argument("--steps", type=int, default=3300, help="of each, batch 4 of 40x40")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", action="append", choices=list(VARIANTS), metavar="VARIANT")
    arguments = parser.parse_args()
    results = arguments.out / "results.csv"
    if arguments.data and arguments.clean:
        for name in arguments.only or VARIANTS:
            add_result(name, results, arguments)
    show(results)


def add_result(name: str, results: Path, arguments: argparse.Namespace) -> None:
    """Train a variant, unless its result is there, and append that."""
    if name in {row["variant"] for row in read_results(results)}:
        return
    folder = arguments.out / name.replace(" ", "-").replace(",", "")
    config = train(folder, "mscnn/ablation", arguments, VARIANTS[name], resume=True)
    (psnr,) = (r["psnr"] for r in config["results"] if r["degradation"] == "gaussian:25")
    append_result(
        results,
        {
            "variant": name,
            "steps": arguments.steps,
            "minutes": config["provenance"]["minutes"],
            "psnr": psnr,
            "near_zero": near_zero(folder),
        },
    )
    say(f"{name}: {psnr:.2f} dB")


def near_zero(folder: Path) -> float:
    """Return the share of the weights of L5 and L6 that are below 1e-3."""
    tensors = load_file(folder / "model.safetensors")
    weights = [tensors[name].float().abs().flatten() for name in _PENALISED]
    return sum(int((each < _NEAR_ZERO).sum()) for each in weights) / sum(map(len, weights))


def show(results: Path) -> None:
    """Print the table."""
    table = Table("variant", "steps", "minutes", "PSNR (dB)", "near zero")
    for row in read_results(results):
        psnr, share = f"{float(row['psnr']):.2f}", f"{float(row['near_zero']):.1%}"
        table.add_row(row["variant"], row["steps"], row["minutes"], psnr, share)
    Console().print(table)


if __name__ == "__main__":
    ending_as_trainings_do(main)
