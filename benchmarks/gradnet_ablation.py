"""Repeats GradNet's Tables 3 and 4, Figures 3 and 6 and its bounds at a CPU's scale.

    python benchmarks/gradnet_ablation.py --data bsd432/ --clean cbsd68/ --out ablation/
    python benchmarks/gradnet_ablation.py --out ablation/

Trainings by the recipe `gradnet/ablation`, alike in seed, images, noise, steps and schedule. Naive
blocks are trained first, for `--naive-steps`, and frozen in all that use them. Each is measured at
sigma 50 on the centre of every image of `--clean`, 96 x 96 pixels. Results go to `results.csv` in
`--out` as soon as a variant is finished; one that is there is skipped, one that was interrupted
goes on. The second form prints what is there.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import imageio.v3 as iio
from results_file import append_result, read_results
from rich.console import Console
from rich.table import Table
from short_training import ending_as_trainings_do, train

_SIDE = 96
L1 = '{kind="l1"}'
WEIGHTED = '{kind="edge", norm="l1"}'

say = Console(stderr=True, highlight=False).print


@dataclass(frozen=True)
class Variant:
    """A network and its loss.

    Attributes:
        settings: as of `--set`.
        naive: the variant that is its naive block, by name.
    """

    settings: tuple[str, ...]
    naive: str | None = None


def variant(
    backbone: str,
    fusion: str = "none",
    consistency: float = 0.0,
    *,
    gradient: str = "naive",
    naive: str | None = None,
    weighted: bool = False,
) -> Variant:
    """Return a variant; `consistency` is the weight lambda of the gradient loss."""
    terms = [L1]
    if weighted:
        terms.append(WEIGHTED)
    if consistency:
        terms.append(f'{{kind="gradient", weight={consistency}}}')
    options = {"backbone": backbone, "fusion": fusion, "gradient": gradient}
    if naive:
        options["naive"] = naive.removeprefix("naive-")
    settings = [f"options.{name}={value}" for name, value in options.items()]
    return Variant((*settings, f"loss=[{', '.join(terms)}]"), naive)


def naive_block(name: str) -> Variant:
    """Return a naive block, to be trained alone, with the paper's loss."""
    return Variant((f"options.naive={name}", "options.part=naive"))


VARIANTS = {
    "naive-skdncnn": naive_block("skdncnn"),
    "mskresnet": variant("mskresnet"),
    "mskresnet-fused-loss": variant("mskresnet", "features", 0.1, naive="naive-skdncnn"),
    "mskresnet-fused": variant("mskresnet", "features", naive="naive-skdncnn"),
    "mskresnet-loss": variant("mskresnet", consistency=0.1),
    "skdncnn": variant("skdncnn"),
    "skdncnn-fused-loss": variant("skdncnn", "features", 0.1, naive="naive-skdncnn"),
    "skdncnn-fused": variant("skdncnn", "features", naive="naive-skdncnn"),
    "skdncnn-loss": variant("skdncnn", consistency=0.1),
    "clean-features": variant("skdncnn", "features", gradient="clean"),
    "clean-input": variant("skdncnn", "input", gradient="clean"),
    "clean-late": variant("skdncnn", "late", gradient="clean"),
    "clean-weighting": variant("skdncnn", weighted=True),
    "noisy-features": variant("skdncnn", "features", gradient="noisy"),
    "skdncnn-lambda-0.5": variant("skdncnn", "features", 0.5, naive="naive-skdncnn"),
    "skdncnn-lambda-1.1": variant("skdncnn", "features", 1.1, naive="naive-skdncnn"),
    "mskresnet-lambda-0.5": variant("mskresnet", "features", 0.5, naive="naive-skdncnn"),
    "mskresnet-lambda-1.1": variant("mskresnet", "features", 1.1, naive="naive-skdncnn"),
    "naive-mskresnet": naive_block("mskresnet"),
    "mskresnet-after-mskresnet": variant("mskresnet", "features", 0.1, naive="naive-mskresnet"),
}


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder of images to train on")
    parser.add_argument("--clean", type=Path, help="folder of images to measure with")
    parser.add_argument("--out", type=Path, required=True, help="for results and run folders")
    parser.add_argument("--steps", type=int, default=300, help="of each, batch 4 of 40x40")
    parser.add_argument("--naive-steps", type=int, default=800, help="of the naive blocks")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", action="append", choices=list(VARIANTS), metavar="VARIANT")
    arguments = parser.parse_args()
    results = arguments.out / "results.csv"
    if arguments.data and arguments.clean:
        crops = centres(arguments.clean, arguments.out / "centres")
        for name in arguments.only or VARIANTS:
            add_result(name, results, crops, arguments)
    show(results)


def centres(images: Path, folder: Path) -> Path:
    """Write the centre of each image to a folder, unless they are there, and return the folder."""
    if folder.exists():
        return folder
    folder.mkdir(parents=True)
    for path in sorted(images.iterdir()):
        image = iio.imread(path)
        top, left = ((length - _SIDE) // 2 for length in image.shape[:2])
        iio.imwrite(folder / f"{path.stem}.png", image[top : top + _SIDE, left : left + _SIDE])
    return folder


def add_result(name: str, results: Path, crops: Path, arguments: argparse.Namespace) -> None:
    """Train a variant, unless its result is there, and append that."""
    if name in {row["variant"] for row in read_results(results)}:
        return
    settings = list(VARIANTS[name].settings)
    naive = VARIANTS[name].naive
    if naive:
        begun = (arguments.out / naive).resolve()
        settings.append(f'stages=[{{name="main", init="{begun}", freeze=["naive.*"]}}]')
    steps = arguments.naive_steps if name.startswith("naive-") else arguments.steps
    asked = argparse.Namespace(
        data=arguments.data, clean=str(crops), steps=steps, threads=arguments.threads
    )
    config = train(arguments.out / name, "gradnet/ablation", asked, *settings, resume=True)
    (measured,) = config["results"]
    minutes = config["provenance"]["minutes"]
    append_result(
        results, {"variant": name, "steps": steps, "minutes": minutes, "psnr": measured["psnr"]}
    )
    say(f"{name}: {measured['psnr']:.2f} dB")


def show(results: Path) -> None:
    """Print the table."""
    table = Table("variant", "steps", "minutes", "PSNR (dB)")
    for row in read_results(results):
        table.add_row(row["variant"], row["steps"], row["minutes"], f"{float(row['psnr']):.2f}")
    Console().print(table)


if __name__ == "__main__":
    ending_as_trainings_do(main)
