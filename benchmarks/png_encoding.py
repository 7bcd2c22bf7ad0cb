"""Compares ways to write PNG: size and time against zlib's level 6.

    python benchmarks/png_encoding.py photos/

Every image is encoded in 8 bits, and in 16 bits with noise in the lower ones.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from rich.console import Console
from rich.table import Table

from imgclean.events import ignore
from imgclean.images.collection import read_clean_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

PNG = imagecodecs.PNG
WAYS: dict[str, dict[str, Any]] = {
    "zlib 6": {"level": 6},
    "zlib 1": {"level": 1},
    "run lengths, Paeth (ours)": {
        "level": PNG.COMPRESSION.SPEED,
        "strategy": PNG.STRATEGY.RLE,
        "filter": PNG.FILTER.PAETH,
    },
}


def main() -> None:
    """Encode every image in every way and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    clean = read_clean_images(
        (parser.parse_args().folder,), channels=3, smallest=1, emit=ignore
    ).images
    random = np.random.default_rng(0)
    deep = [i * np.uint16(256) + random.integers(0, 256, i.shape, np.uint16) for i in clean]
    table = Table("bits", "way", "size", "time")
    for bits, images in (("8", clean), ("16", deep)):
        base_size, base_seconds = encode_all(images, WAYS["zlib 6"])
        for name, settings in WAYS.items():
            size, seconds = encode_all(images, settings)
            table.add_row(bits, name, f"{size / base_size:.3f}", f"{seconds / base_seconds:.2f}")
    Console().print(table)


def encode_all(
    images: list[NDArray[Any]] | tuple[NDArray[Any], ...], settings: dict[str, Any]
) -> tuple[int, float]:
    """Return the bytes of all images and the seconds that they took."""
    started = time.perf_counter()
    size = sum(len(imagecodecs.png_encode(each, **settings)) for each in images)
    return size, time.perf_counter() - started


if __name__ == "__main__":
    main()
