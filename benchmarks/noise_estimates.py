r"""Measures how well noise is estimated: white noise, a camera's, and that of real photographs.

    python benchmarks/noise_estimates.py --clean bsd68/ [--colour cbsd68/]
    python benchmarks/noise_estimates.py --pairs polyu100/ s/_mean/_real/ \
        --pairs sidd12/ s/GT/NOISY/ [--plot docs/photographs-noise.svg]

`--clean` adds white noise to each image, then noise of variance a x + b to images taken as linear
light; both are clipped and rounded to 8 bits. Printed are medians of relative errors over the
images.

Of a pair the noise is what the noisy image differs by from the clean one. At an edge that is also
what the two do not share of it, since they never lie on each other exactly. So it is measured
twice, over all pixels, and within those blocks of 8 x 8 pixels, half of all, whose clean image is
smoothest. `--plot` draws the latter against the estimate and needs matplotlib.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from imgclean.events import ignore
from imgclean.images.collection import read_clean_images
from imgclean.images.noise.estimate import NoiseEstimate, estimate_noise
from imgclean.images.pairs import read_pairs
from imgclean.images.pixels import sample_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIGMAS = (2, 5, 10, 15, 25, 50)
SENSORS = (
    *((0.001, 1e-5), (0.001, 1e-3), (0.003, 5e-5), (0.005, 1e-4)),
    *((0.01, 3e-4), (0.02, 1e-4), (0.02, 1e-3)),
)
SIDE = 8
MARKS = "o^sv"


class Measured(NamedTuple):
    """Noise of a pair in grey levels of 255: of all pixels, within smooth blocks, as estimated."""

    everywhere: float
    smooth: float
    estimated: float


def main() -> None:
    """Measure what there is; print; draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clean", type=Path, help="folder of gray images")
    parser.add_argument("--colour", type=Path, help="folder of colour images, for a camera's noise")
    parser.add_argument(
        "--pairs", action="append", nargs=2, default=[], metavar=("FOLDER", "MATCH")
    )
    parser.add_argument("--plot", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    console = Console()
    if arguments.clean:
        console.print(white_table(images_in(arguments.clean)))
    for folder in filter(None, (arguments.clean, arguments.colour)):
        console.print(sensor_table(images_in(folder), folder.name))
    found = {
        Path(folder).name: measured_pairs(Path(folder), match) for folder, match in arguments.pairs
    }
    if found:
        console.print(pair_table(found))
    if arguments.plot and found:
        draw(found, arguments.plot)


def images_in(folder: Path) -> Sequence[NDArray[Any]]:
    """Return the images of a folder, uint8[H, W, C]."""
    return read_clean_images((folder,), channels=None, smallest=32, emit=ignore).images


def estimated(image: NDArray[Any]) -> NoiseEstimate:
    """Return the noise of an image."""
    noise = estimate_noise(image, sample_range(image))
    if noise is None:
        sys.exit("an image is too small or nearly all clipped")
    return noise


def with_noise(
    image: NDArray[Any], variance: NDArray[np.float64] | float, seed: int
) -> NDArray[Any]:
    """Return an image with normal noise, clipped and rounded to 8 bits."""
    drawn = np.random.default_rng(seed).normal(size=image.shape)
    noisy = image / 255 + np.sqrt(variance) * drawn
    return np.rint(noisy.clip(0, 1) * 255).astype(np.uint8)


def white_table(images: Sequence[NDArray[Any]]) -> Table:
    """Return how far estimated levels are from those of white noise."""
    table = Table("sigma", "median |error|", "median error", "90 % below", "taken for white")
    for sigma in SIGMAS:
        found = [
            estimated(with_noise(each, (sigma / 255) ** 2, seed))
            for seed, each in enumerate(images)
        ]
        errors = np.array([each.level / sigma - 1 for each in found])
        row = (np.median(abs(errors)), np.median(errors), np.percentile(abs(errors), 90))
        share = np.mean([each.white for each in found])
        table.add_row(str(sigma), *(f"{100 * each:.1f} %" for each in row), f"{100 * share:.0f} %")
    return table


def sensor_table(images: Sequence[NDArray[Any]], title: str) -> Table:
    """Return how far the fitted a and b are from those of a sensor's noise."""
    table = Table("a", "b", "|error| of a", "|error| of b", "of the level", title=title)
    for a, b in SENSORS:
        slopes, intercepts, levels = [], [], []
        for seed, each in enumerate(images):
            variance = a * each / 255 + b
            noise = estimated(with_noise(each, variance, seed))
            slopes += [abs(channel.slope / a - 1) for channel in noise.known]
            intercepts += [abs(channel.intercept / b - 1) for channel in noise.known]
            levels.append(abs(noise.level / (255 * np.sqrt(variance.mean())) - 1))
        medians = (np.median(each) for each in (slopes, intercepts, levels))
        table.add_row(f"{a:g}", f"{b:g}", *(f"{100 * each:.1f} %" for each in medians))
    return table


def measured_pairs(folder: Path, match: str) -> list[Measured]:
    """Return the noise of each pair of a folder."""
    pairs = read_pairs(folder, folder, match=match, channels=3, smallest=32, emit=ignore)
    return [measured(noisy, clean) for noisy, clean in zip(pairs.noisy, pairs.clean, strict=True)]


def measured(noisy: NDArray[Any], clean: NDArray[Any]) -> Measured:
    """Return the noise of a pair."""
    noise = blocks(noisy.astype(float) - clean)
    flatness = blocks(clean.astype(float)).var(axis=1).sum(axis=1)
    smooth = np.argsort(flatness)[: len(flatness) // 2]
    everywhere = (noisy.astype(float) - clean).var(axis=(0, 1)).mean()
    within = noise[smooth].var(axis=1).mean()
    return Measured(float(everywhere**0.5), float(within**0.5), estimated(noisy).level)


def blocks(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the blocks of an image [H, W, C], [n, 64, C]."""
    down, across = (side // SIDE for side in image.shape[:2])
    cut = image[: down * SIDE, : across * SIDE].reshape(down, SIDE, across, SIDE, -1)
    return cut.transpose(0, 2, 1, 3, 4).reshape(down * across, SIDE**2, -1)


def pair_table(found: dict[str, list[Measured]]) -> Table:
    """Return how far the estimates are from what the pairs show."""
    table = Table("pairs", "noise", "median |error|", "median error", "90 % below")
    for name, pairs in found.items():
        for kind in ("everywhere", "smooth"):
            errors = np.array([each.estimated / getattr(each, kind) - 1 for each in pairs])
            row = (np.median(abs(errors)), np.median(errors), np.percentile(abs(errors), 90))
            title = f"{name} ({len(pairs)})"
            table.add_row(title, kind, *(f"{100 * each:.1f} %" for each in row))
    return table


def draw(found: dict[str, list[Measured]], path: Path) -> None:
    """Draw estimated over measured levels into a file, of the format that its suffix names."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        sys.exit("--plot needs matplotlib: pip install matplotlib")
    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
    axes = figure.subplots()
    ends = (0.4, 60.0)
    axes.plot(ends, ends, color="tab:gray", linewidth=0.8)
    for mark, (name, pairs) in zip(MARKS, found.items(), strict=False):
        across = [each.smooth for each in pairs]
        up = [each.estimated for each in pairs]
        axes.plot(across, up, mark, markersize=4, alpha=0.7, label=f"{name} ({len(pairs)} pairs)")
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    axes.set_xlabel("measured noise (grey levels of 255)")
    axes.set_ylabel("estimated noise")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    # the same file from the same levels
    with mpl.rc_context({"svg.hashsalt": "imgclean", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
