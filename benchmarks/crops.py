"""Shows crops of pictures beside each other: noisy, cleaned by several weight sets, and clean.

    python benchmarks/crops.py docs/models/mscnn-crops.png --noise gaussian:25 \
        --weights mscnn-gray-blind --weights mscnn-gray-adversarial \
        --crop docs/samples/clean/chelsea.png:150,80 --crop docs/samples/clean/camera.tif:120,60

A row for each crop, from left to right as above, enlarged without smoothing. The whole picture is
made noisy and cleaned, in gray where the sets are for gray images, and cut out afterwards. PSNR of
the crops is printed.
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
from imgclean.evaluation.colours import in_colour
from imgclean.evaluation.metrics import psnr
from imgclean.events import ignore
from imgclean.images.collection import read_clean_images
from imgclean.training.pictures import GAP
from imgclean.weightsets.catalogue import find, installed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Levels = NDArray[np.uint8]


def main() -> None:
    """Degrade, clean, cut, write, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="PNG to write")
    parser.add_argument("--weights", action="append", required=True, help="repeatable")
    parser.add_argument("--noise", default="gaussian:25")
    parser.add_argument("--crop", action="append", required=True, metavar="IMAGE:LEFT,TOP")
    parser.add_argument("--side", type=int, default=96, help="of a crop in pixels")
    parser.add_argument("--enlarge", type=int, default=2)
    arguments = parser.parse_args()
    table = Table("crop", "noisy", *arguments.weights)
    rows = []
    for place in arguments.crop:
        path, _, corner = place.rpartition(":")
        left, top = map(int, corner.split(","))
        cut = np.s_[top : top + arguments.side, left : left + arguments.side]
        crops = [each[cut] for each in versions(Path(path), arguments.weights, arguments.noise)]
        scores = [f"{psnr(crops[-1], each):.2f}" for each in crops[:-1]]
        table.add_row(place, *scores)
        rows.append(beside(crops, arguments.enlarge))
    gap = np.full((GAP, *rows[0].shape[1:]), 255, np.uint8)
    picture = np.concatenate([part for row in rows for part in (row, gap)][:-1])
    Image.fromarray(picture.squeeze()).save(arguments.out, optimize=True)
    Console().print(table)


def versions(path: Path, weights: list[str], noise: str) -> list[Levels]:
    """Return a picture noisy, cleaned by each set, and clean; each uint8[H, W, C]."""
    channels = find(weights[0], installed(), ()).config.channels
    found = read_clean_images((path,), channels="own", smallest=1, emit=ignore)
    scene = in_colour(found.images[0], "gray" if channels == 1 else "rgb")
    degraded = degrade_image(scene, parse_degradation(noise), seed=0)
    noisy = degraded.noisy.astype(np.float32)
    cleaned = [imgclean.denoise(noisy, weights=each) for each in weights]
    return [*(_levels(each) for each in (noisy, *cleaned)), degraded.clean]


def beside(crops: list[Levels], enlarge: int) -> Levels:
    """Return crops of one size beside each other, enlarged, with white between them."""
    large = [each.repeat(enlarge, 0).repeat(enlarge, 1) for each in crops]
    gap = np.full((len(large[0]), GAP, large[0].shape[2]), 255, np.uint8)
    return np.concatenate([part for each in large for part in (each, gap)][:-1], axis=1)


def _levels(image: NDArray[np.float32]) -> Levels:
    levels = np.rint(image.clip(0, 1) * GREY_LEVELS).astype(np.uint8)
    return levels if levels.ndim == 3 else levels[:, :, None]


if __name__ == "__main__":
    main()
