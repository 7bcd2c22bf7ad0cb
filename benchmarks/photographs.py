"""Measures weight sets on real pairs of photographs: what is gained, what is lost, what is tinted.

    python benchmarks/photographs.py real/ dncnn-photo gradnet-photo --nlm --bm3d 10

`real/` holds PolyU's cropped images (`polyu100/*_real*` and `*_mean*`) and crops of SIDD
(`sidd12/NOISY_*` and `GT_*`). For each set of pairs and each contender it prints

- the mean PSNR, what it is over the input's, the worst image's and how many images it left worse;
- what of clean images comes out: mean and lowest PSNR of the cleaned clean image against itself;
- colour: over the flat blocks of 16x16 pixels (standard deviation under 2 in the clean image), how
  far the mean of each block's channels lies from the noisy block's: mean, and mean absolute value.

Beside stand, as the user would have them without imgclean, OpenCV's coloured non-local means with
`--nlm` (`pip install opencv-python-headless`), at each strength that is usual; and BM3D with
`--bm3d N`, told the true noise level, on every Nth pair (it takes more than a minute a megapixel).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

import imgclean
from imgclean.evaluation.metrics import psnr
from imgclean.images.read import read_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Clean = Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]

STRENGTHS = 3, 5, 10
BLOCK, FLAT = 16, 2.0
PAIRS = {"polyu100": ("*_mean*", "_mean", "_real"), "sidd12": ("GT_*", "GT_", "NOISY_")}


@dataclass(frozen=True, slots=True)
class Pair:
    """A scene, uint8[H, W, 3] each."""

    clean: NDArray[np.uint8]
    noisy: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a pair; PSNR in dB, colours float64[blocks, 3] in grey levels."""

    before: float
    after: float
    kept: float
    shifts: NDArray[np.float64]
    seconds_per_megapixel: float


def main() -> None:
    """Measure and print a table for each set of pairs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("weights", nargs="*", help="names or paths of weight sets")
    parser.add_argument("--every", type=int, default=1, help="take every Nth pair")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--nlm", action="store_true", help="OpenCV's non-local means beside")
    parser.add_argument("--bm3d", type=int, metavar="N", help="BM3D on every Nth pair")
    given = parser.parse_args()
    contenders = {name: with_weights(name, given.precision) for name in given.weights}
    if given.nlm:
        contenders |= {f"NLM, h = {strength}": non_local_means(strength) for strength in STRENGTHS}
    for title in PAIRS:
        table = Table(
            *("pairs", "images", "by", "PSNR", "gain", "worst", "worse", "clean", "lowest"),
            *("colour R, G, B", "absolute", "s/MP"),
        )
        for name, clean in contenders.items():
            add_row(table, title, name, [found(clean, pair) for pair in pairs(given, title)])
        if given.bm3d:
            chosen = list(pairs(given, title))[:: given.bm3d]
            add_row(table, title, "BM3D, true level", [found(bm3d, pair) for pair in chosen])
        Console(width=170).print(table)


def pairs(given: argparse.Namespace, title: str) -> Iterator[Pair]:
    """Yield the pairs of a set."""
    pattern, clean_mark, noisy_mark = PAIRS[title]
    for path in sorted((given.folder / title).glob(pattern))[:: given.every]:
        noisy = path.with_name(path.name.replace(clean_mark, noisy_mark))
        yield Pair(read_image(path).colour, read_image(noisy).colour)


def with_weights(weights: str, precision: str) -> Clean:
    """Return what cleans with a weight set."""
    return lambda image, _: imgclean.denoise(image, weights=weights, precision=precision)


def non_local_means(strength: int) -> Clean:
    """Return OpenCV's coloured non-local means, with the windows of its documentation."""
    import cv2

    def clean(image: NDArray[np.uint8], _: float) -> NDArray[np.uint8]:
        blue_first = np.ascontiguousarray(image[..., ::-1])
        cleaned = cv2.fastNlMeansDenoisingColored(blue_first, None, strength, strength, 7, 21)
        return np.ascontiguousarray(cleaned[..., ::-1])

    return clean


def bm3d(image: NDArray[np.uint8], deviation: float) -> NDArray[np.uint8]:
    """Return the image cleaned by BM3D that knows the noise's standard deviation."""
    import bm3d as package

    cleaned = package.bm3d_rgb(image / 255, deviation / 255)
    return np.rint(cleaned.clip(0, 1) * 255).astype(np.uint8)


def found(clean: Clean, pair: Pair) -> Found:
    """Clean both images of a pair."""
    deviation = float(np.std(pair.noisy.astype(float) - pair.clean))
    start = time.perf_counter()
    cleaned = clean(pair.noisy, deviation)
    seconds = time.perf_counter() - start
    kept = clean(pair.clean, deviation)
    flat = blocks(pair.clean).std((1, 3)).max(-1) < FLAT
    shifts = (blocks(cleaned).mean((1, 3)) - blocks(pair.noisy).mean((1, 3)))[flat]
    megapixels = pair.noisy.shape[0] * pair.noisy.shape[1] / 1e6
    return Found(
        psnr(pair.clean, pair.noisy),
        psnr(pair.clean, cleaned),
        psnr(pair.clean, kept),
        shifts,
        seconds / megapixels,
    )


def blocks(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the whole blocks of an image, float64[rows, 16, columns, 16, 3]."""
    rows, columns = (side // BLOCK for side in image.shape[:2])
    whole = image[: rows * BLOCK, : columns * BLOCK].astype(np.float64)
    return whole.reshape(rows, BLOCK, columns, BLOCK, 3)


def add_row(table: Table, title: str, name: str, every: list[Found]) -> None:
    """Add what was found of a set of pairs."""
    gains = [each.after - each.before for each in every]
    shifts = np.concatenate([each.shifts for each in every])
    table.add_row(
        title,
        str(len(every)),
        name,
        f"{np.mean([each.after for each in every]):.2f}",
        f"{np.mean(gains):+.2f}",
        f"{min(gains):+.2f}",
        str(sum(gain < 0 for gain in gains)),
        f"{np.mean([each.kept for each in every]):.1f}",
        f"{min(each.kept for each in every):.1f}",
        ", ".join(f"{each:+.2f}" for each in shifts.mean(0)),
        f"{np.abs(shifts).mean():.2f}",
        f"{np.mean([each.seconds_per_megapixel for each in every]):.2f}",
    )


if __name__ == "__main__":
    main()
