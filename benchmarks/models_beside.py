"""How much processor time every model takes for a megapixel, beside DnCNN-20, in one run.

    python benchmarks/models_beside.py
    python benchmarks/models_beside.py --gray
    python benchmarks/models_beside.py --set dncnn-colour-blind --backend openvino

The installed weight sets of every model, one for each form of its network, and with `--fresh` those
with fresh weights, on which speed does not depend. All take turns in each round, in fp32 and bf16,
as the command line runs them. What counts is the processor's time, which others on the machine
hardly lengthen: with one thread that is how long it takes on an idle one. The table is in Markdown:
milliseconds a megapixel, the median, and the share of DnCNN's time, the median of the rounds'
shares.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from inference_subjects import fresh_set
from rich.console import Console

from imgclean.cli.options import prepare_process
from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.evaluation.bench_case import clean_once
from imgclean.evaluation.multiplications import multiplications_per_pixel
from imgclean.evaluation.sample import noisy_photograph
from imgclean.evaluation.speed import milliseconds_per_megapixel
from imgclean.extension.loader import load_plugins
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import device_name
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.network import load_network, tiling_of, validate_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.registry import Registry
    from imgclean.inference.preparation.backends import Backend
    from imgclean.weightsets.catalogue import WeightSet

CPU = torch.device("cpu")
SIGMA = 25.0
PRECISIONS = ("fp32", "bf16")
COLOUR = (
    "dncnn-colour-blind",
    "gradnet-colour-blind",
    "deepglr-colour-blind",
    "dnresnet-colour-blind",
    "dnresnet-separable-colour-blind",
    "udncnn-colour-30",
    "udncnn-dudncnn-colour-30",
    "mscnn-colour-blind",
)
GRAY = ("dncnn-gray-blind", "gradnet-gray-blind", "dnresnet-gray-blind", "mscnn-gray-blind")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", nargs="*", dest="sets", metavar="NAME", help="DnCNN's first")
    parser.add_argument("--fresh", nargs="*", default=[], metavar="MODEL")
    parser.add_argument("--gray", action="store_true", help="sets for gray images")
    parser.add_argument("--size", type=int, default=512, help="side of the image in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--backend", default="auto")
    arguments = parser.parse_args()
    prepare_process(arguments.threads)
    registry = load_plugins()
    names = arguments.sets or (GRAY if arguments.gray else COLOUR)
    sets = [find(name, installed(), registry.infos()) for name in names]
    with tempfile.TemporaryDirectory() as scratch:
        for model in arguments.fresh:
            channels = 1 if arguments.gray else 3
            info = registry.model(model).info
            sets.append(fresh_set(info, Path(scratch), {"channels": channels}))
        runs = {
            (each.name, precision): cleaning(
                registry, each, precision, arguments.size, arguments.backend
            )
            for each in sets
            for precision in PRECISIONS
        }
        seconds = by_turns(runs, arguments.rounds)
        console = Console(soft_wrap=True, markup=False, highlight=False)
        threads = torch.get_num_threads()
        console.print(f"{device_name(CPU)}, {threads} threads, torch {torch.__version__}\n")
        console.print(table(registry, sets, seconds, arguments.size**2))


def cleaning(
    registry: Registry, weights: WeightSet, precision: str, side: int, backend: Backend
) -> Callable[[], object]:
    """Return what cleans a square image of the set's channels once."""
    model = registry.model(weights.config.model)
    settings = InferenceSettings(precision=precision, backend=backend, sigma=SIGMA)  # type: ignore[arg-type]
    hook = registry.own_hook("imgclean_denoise", model.plugin)
    denoiser = Denoiser(model.info, weights, settings, CPU, hook)
    image = noisy_photograph(side, side, weights.config.channels, SIGMA)
    return lambda: clean_once(denoiser, image)


def by_turns(
    runs: dict[tuple[str, str], Callable[[], object]], rounds: int
) -> dict[tuple[str, str], list[float]]:
    """Return the processor seconds of each run in each round, after one that does not count."""
    seconds: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    for number in range(rounds + 1):
        for key, run in runs.items():
            started = time.process_time()
            run()
            if number:
                seconds[key].append(time.process_time() - started)
    return seconds


def table(
    registry: Registry,
    sets: list[WeightSet],
    seconds: dict[tuple[str, str], list[float]],
    pixels: int,
) -> str:
    """Return a line for each set; DnCNN's is the first."""
    lines = [
        (
            "| set | multiplications a pixel | fp32, ms per MP | of DnCNN's | bf16, ms per MP "
            "| of DnCNN's |"
        ),
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in sets:
        cells = [each.name, f"{multiplications(registry, each):,}"]
        for precision in PRECISIONS:
            own, first = seconds[each.name, precision], seconds[sets[0].name, precision]
            share = statistics.median(a / b for a, b in zip(own, first, strict=True))
            taken = milliseconds_per_megapixel(statistics.median(own), pixels)
            cells += [f"{taken:,.0f}", f"{share:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def multiplications(registry: Registry, weights: WeightSet) -> int:
    """Return those for each pixel of the network as its paper has it."""
    info = registry.model(weights.config.model).info
    tiling = tiling_of(info, validate_options(info, weights.options))
    network, channels = load_network(info, weights), weights.config.channels
    return multiplications_per_pixel(network, channels, tiling, SIGMA / GREY_LEVELS)


if __name__ == "__main__":
    main()
