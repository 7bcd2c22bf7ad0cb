"""Repeats DnCNN's Figure 12: one picture, six degradations, one network that is told nothing.

    python benchmarks/six_regions.py photo.png out/ [--weights dncnn-three-tasks]

On luma, as in the paper. Noise of sigma 15 and 25 is on the left, enlargement by 2 and 3 in the
middle, JPEG of quality 10 and 30 on the right, the weaker of each pair above but for JPEG. The
picture is rounded to 8 bits, cropped to whole regions, and cleaned at once. Writes `degraded.png`,
`cleaned.png` and both beside each other, with white lines between regions, and prints the PSNR of
each region.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

import imgclean
from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.degradation.image import degrade_image
from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.metrics import psnr
from imgclean.events import ignore
from imgclean.images.collection import read_clean_images
from imgclean.training.pictures import GAP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

REGIONS = (
    ("gaussian:15", "bicubic:2", "jpeg:10"),
    ("gaussian:25", "bicubic:3", "jpeg:30"),
)
MULTIPLE = 24  # of a region's sides: whole blocks of JPEG, whole pixels of the small images
LINE = 2  # pixels


def main() -> None:
    """Degrade, clean, write, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("--weights", default="dncnn-three-tasks", help="a name or a path")
    arguments = parser.parse_args()
    clean = whole_regions(arguments.image)
    degraded = degrade(clean)
    cleaned = imgclean.denoise(degraded, weights=arguments.weights)
    arguments.out.mkdir(parents=True, exist_ok=True)
    gap = np.full((len(clean), GAP, 1), 255, np.uint8)
    beside = np.concatenate([lined(degraded), gap, lined(cleaned)], axis=1)
    pictures = {"degraded": degraded, "cleaned": cleaned, "side-by-side": beside}
    for name, picture in pictures.items():
        Image.fromarray(picture[..., 0]).save(arguments.out / f"{name}.png")
    table = Table("region", "degraded (dB)", "cleaned (dB)", "gain (dB)")
    for spec, rows, columns in regions(clean):
        truth = clean[rows, columns]
        before, after = (psnr(truth, each[rows, columns]) for each in (degraded, cleaned))
        table.add_row(spec, f"{before:.2f}", f"{after:.2f}", f"{after - before:+.2f}")
    Console().print(table)


def whole_regions(path: Path) -> Gray:
    """Return the luma of an image, uint8[H, W, 1], cut to regions of whole multiples."""
    smallest = MULTIPLE * len(REGIONS[0])
    images = read_clean_images((path,), channels=1, luma=True, smallest=smallest, emit=ignore)
    image: Gray = images.images[0]
    height, width = (
        side - side % (MULTIPLE * count)
        for side, count in zip(image.shape[:2], (len(REGIONS), len(REGIONS[0])), strict=True)
    )
    return image[:height, :width]


def regions(image: Gray) -> Iterator[tuple[str, slice, slice]]:
    """Yield what happens in each region, its rows and its columns."""
    height, width = image.shape[0] // len(REGIONS), image.shape[1] // len(REGIONS[0])
    for row, specs in enumerate(REGIONS):
        for column, spec in enumerate(specs):
            left = column * width
            yield spec, slice(row * height, (row + 1) * height), slice(left, left + width)


def degrade(clean: Gray) -> Gray:
    """Return the picture with six degradations, each of its region alone."""
    degraded = clean.copy()
    for seed, (spec, rows, columns) in enumerate(regions(clean)):
        shown = degrade_image(clean[rows, columns], parse_degradation(spec), seed=seed)
        degraded[rows, columns] = np.rint(shown.noisy.clip(0, 1) * GREY_LEVELS)
    return degraded


def lined(image: Gray) -> Gray:
    """Return a picture with white lines where regions meet."""
    marked = image.copy()
    for _, rows, columns in regions(image):
        marked[max(rows.start - LINE // 2, 0) : rows.start + LINE // 2, columns] = 255
        marked[rows, max(columns.start - LINE // 2, 0) : columns.start + LINE // 2] = 255
    return marked


if __name__ == "__main__":
    main()
