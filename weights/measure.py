"""Measures embedded weight sets on their papers' tables, and writes config and card anew.

    python weights/measure.py dncnn-gray-blind --data test/
    python weights/measure.py dncnn-gray-blind runs/mine/ --data test/ --add-noise gaussian:40

`--data` holds the folders that `TABLES` and `EDGES` name, `--real` those of `REAL_PAIRS`, on which
sets for photographs are measured. A set is a folder beside this script, or a path. Tables are
measured in float32, the papers' arithmetic, unless `--precision` says otherwise. `--measure blur`
has blur in them too, `--measure lpips` LPIPS.

Then the edges of the domain are checked, on the images of `EDGES` and in the precision that users
get: no set may leave images worse than they were. Exit code 1, with the lines concerned, if one
does. The edges are not written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

from rich.console import Console

from imgclean.cli.options import prepare_process
from imgclean.cli.reporting import reporting
from imgclean.degradation.parsing import parse_degradation
from imgclean.degradation.spec import Camera
from imgclean.errors import ImgcleanError
from imgclean.evaluation.measures import MEASURES, make_measures, require_measures, window_of
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.evaluation.results import as_results, measure_levels
from imgclean.evaluation.trials import smallest_side
from imgclean.extension.loader import load_plugins
from imgclean.images.collection import read_clean_images
from imgclean.images.name_rules import NameRules
from imgclean.images.pairs import read_pairs
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import PrecisionChoice, choose_device
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.catalogue import WeightSet, is_path
from imgclean.weightsets.config import read_config
from imgclean.weightsets.store import write_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.measures import Measure
    from imgclean.events import Emit, Evaluated
    from imgclean.extension.model_info import Task
    from imgclean.weightsets.config import WeightSetConfig

HERE = Path(__file__).parent

NOISE_ALONE = {1: ("bsd68", "set12"), 3: ("cbsd68",)}
"""Folders for a set that knows noise alone, by its channels."""

TABLES: dict[Task, tuple[str, ...]] = {
    "denoise": ("bsd68",),
    "upscale": ("set5", "set14"),
    "deblock": ("classic5", "live1"),
}
"""Folders for each task of a set that knows several (DnCNN, Table V)."""

EDGES: dict[Task, tuple[str, tuple[str, ...]]] = {
    "denoise": (
        "set12",
        (
            *(f"gaussian:{each}" for each in (5, 10, 15, 25, 35, 50, 55)),
            *(f"poisson:{each}" for each in (5, 30, 200, 1000)),
            *(f"camera:{each}" for each in (100, 400, 1600, 6400, 25600)),
        ),
    ),
    "upscale": ("set5", tuple(f"bicubic:{each}" for each in (2, 3, 4))),
    "deblock": ("classic5", tuple(f"jpeg:{each}" for each in (5, 10, 20, 30, 40, 60, 80))),
}
"""A folder for each task, and the points at which a set must not do harm, in its domain."""

COLOUR_EDGES = "set5"

REAL_PAIRS = {
    "polyu100": ("*_mean*", "s/_mean/_real/"),
    "sidd12": ("GT_*", "s/GT/NOISY/"),
}
"""Folders of real pairs: which are the clean images, and how the noisy ones' names follow."""

Points = dict[str, list["Degradation"]]
"""Levels to measure at, by folder."""

say = Console(highlight=False, soft_wrap=True).print


def main() -> int:
    """Measure each set; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="SET", help="folder beside this script, or path")
    parser.add_argument("--data", type=Path, required=True, help="folder of the test sets")
    parser.add_argument("--real", type=Path, help="folder of the real pairs")
    parser.add_argument(
        "--add-noise", action="append", default=[], metavar="SPEC", help="another edge to check"
    )
    parser.add_argument(
        "--precision",
        choices=get_args(PrecisionChoice),
        default="fp32",
        help="of the tables; anything else is quicker, and to be said beside the figures",
    )
    parser.add_argument(
        "--measure",
        action="append",
        default=[],
        choices=MEASURES,
        help="beside PSNR and SSIM, in the tables",
    )
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    prepare_process(arguments.threads)
    try:
        added = [parse_degradation(each) for each in arguments.add_noise]
        measures = make_measures(
            require_measures(arguments.measure), lambda note: say(note.message)
        )
        worse = [
            line
            for name in arguments.sets
            for line in measure_set(
                folder_of(name),
                Images(arguments.data, arguments.real),
                added,
                arguments.precision,
                measures,
            )
        ]
    except ImgcleanError as error:
        return complain(str(error), error.hint or "")
    if worse:
        return complain("worse than the input:", *map(shown, worse))
    return 0


class Images(NamedTuple):
    """Where the test images are.

    Attributes:
        tests: folder of the test sets.
        real: folder of the real pairs, if they are at hand.
    """

    tests: Path
    real: Path | None = None


def folder_of(name: str) -> Path:
    """Return the folder of a set."""
    return Path(name) if is_path(name) else HERE / name


def measure_set(
    folder: Path,
    data: Images,
    added: Iterable[Degradation],
    precision: PrecisionChoice,
    measures: Sequence[Measure] = (),
) -> list[Evaluated]:
    """Measure a set, write its config and card; return the lines in which it does harm.

    Raises:
        ImgcleanError: the set cannot be used, or a folder of images is missing.
    """
    weights = WeightSet(read_config(folder), folder)
    tables, around = tables_of(weights.config), edges_of(weights.config, added)
    real = data.real if weights.config.domain.covers(Camera()) else None
    lines = sum(map(len, (*tables.values(), *around.values()))) + len(REAL_PAIRS) * bool(real)
    with reporting(lines, json_lines=False, quiet=False) as emit:
        restorer = restorer_of(weights, precision)
        results = measured(tables, data.tests, restorer, emit, measures)
        if real:
            results += measured_pairs(real, restorer, emit, measures)
        config = weights.config.model_copy(update={"results": as_results(results)})
        write_config(folder, config)
        edges = measured(around, data.tests, restorer_of(weights, "auto"), emit)
    say(f"{weights.name}, written:", *map(shown, results), sep="\n  ")
    say(f"{weights.name}, edges:", *map(shown, edges), sep="\n  ")
    return [each for each in (*results, *edges) if each.psnr < each.input_psnr]


def restorer_of(weights: WeightSet, precision: PrecisionChoice) -> ModelRestorer:
    """Return what cleans with a set.

    Raises:
        ImgcleanError: its model is not there, or it does not fit.
    """
    registry = load_plugins()
    model = registry.model(weights.config.model)
    hook = registry.own_hook("imgclean_denoise", model.plugin)
    settings = InferenceSettings(precision=precision)
    return ModelRestorer(
        Denoiser(model.info, weights, settings, choose_device(settings.device), hook)
    )


def tables_of(config: WeightSetConfig) -> Points:
    """Return the papers' levels in a set's domain, for each folder of its tables."""
    domain = config.domain
    tables = TABLES
    if domain.tasks == {"denoise"}:
        tables = {"denoise": NOISE_ALONE[config.channels]}
    return {
        folder: [each for each in domain.paper_levels() if each.task == task]
        for task in tables
        if task in domain.tasks
        for folder in tables[task]
    }


def edges_of(config: WeightSetConfig, added: Iterable[Degradation] = ()) -> Points:
    """Return the points to check in a set's domain, and those added whatever it is, by folder."""
    points: Points = {}
    for task, (folder, specs) in EDGES.items():
        own = [each for each in map(parse_degradation, specs) if config.domain.covers(each)]
        own += [each for each in added if each.task == task]
        if own:
            points.setdefault(folder if config.channels == 1 else COLOUR_EDGES, []).extend(own)
    return points


def measured(
    points: Points,
    data: Path,
    restorer: ModelRestorer,
    emit: Emit,
    measures: Sequence[Measure] = (),
) -> list[Evaluated]:
    """Return a line for each folder and level."""
    lines = []
    for folder, levels in points.items():
        smallest = smallest_side(levels, window_of(measures))
        images = read_clean_images((data / folder,), channels="own", smallest=smallest, emit=emit)
        lines += measure_levels(images, levels, restorer, emit=emit, whole=True, measures=measures)
    return lines


def measured_pairs(
    folder: Path, restorer: ModelRestorer, emit: Emit, measures: Sequence[Measure] = ()
) -> list[Evaluated]:
    """Return a line for each folder of real pairs."""
    lines = []
    for title, (clean, match) in REAL_PAIRS.items():
        pairs = read_pairs(
            folder / title,
            folder / title,
            match=match,
            channels=restorer.denoiser.weights.config.channels,
            smallest=window_of(measures),
            emit=emit,
            keep_depth=True,
            rules=NameRules(include=(clean,)),
        )
        lines += measure_levels(pairs, [], restorer, emit=emit, whole=True, measures=measures)
    return lines


def shown(line: Evaluated) -> str:
    """Return a line as text."""
    text = f"{line.set} {line.degradation}: {line.input_psnr:.2f} -> {line.psnr:.2f} dB"
    if line.published_psnr is not None:
        text += f", paper {line.published_psnr:.2f} ({line.difference:+.2f})"
    text += f", SSIM {line.ssim:.4f}"
    if line.blur is not None:
        text += f", blur {line.blur:.3f} ({line.clean_blur:.3f} of the clean)"
    if line.lpips is not None:
        text += f", LPIPS {line.input_lpips:.4f} -> {line.lpips:.4f}"
    return f"{text}, {line.images} images"


def complain(*lines: str) -> int:
    """Say on stderr what is wrong; return the exit code for it."""
    Console(stderr=True, highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)
    return 1


if __name__ == "__main__":
    sys.exit(main())
