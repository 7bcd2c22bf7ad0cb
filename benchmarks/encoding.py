"""Compares lossless encoders: size and time beside zlib's level 6, and seconds for 24 megapixels.

    python benchmarks/encoding.py photos/

Every image is encoded in 8 bits, and in 16 bits with noise in the lower ones, on one thread. TIFF's
compressions follow its horizontal predictor.
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
    from collections.abc import Callable

    from numpy.typing import NDArray

    Encoder = Callable[[NDArray[Any]], bytes]

PNG = imagecodecs.PNG
PHOTO_PIXELS = 24e6


def png(**settings: Any) -> Encoder:
    """Return an encoder of PNG."""
    return lambda image: imagecodecs.png_encode(image, **settings)


def tiff(compress: Callable[..., bytes], **settings: Any) -> Encoder:
    """Return an encoder of what a TIFF's strips hold."""
    return lambda image: compress(imagecodecs.delta_encode(image, axis=1), **settings)


WAYS: dict[str, Encoder] = {
    "PNG, zlib 6": png(level=6),
    "PNG, zlib 1": png(level=1),
    "PNG, run lengths, Paeth (ours)": png(
        level=PNG.COMPRESSION.SPEED, strategy=PNG.STRATEGY.RLE, filter=PNG.FILTER.PAETH
    ),
    "TIFF, zlib 6": tiff(imagecodecs.zlib_encode, level=6),
    "TIFF, libdeflate 6 (ours for deflate)": tiff(imagecodecs.deflate_encode),
    "TIFF, libdeflate 1": tiff(imagecodecs.deflate_encode, level=1),
    "TIFF, zstd 1": tiff(imagecodecs.zstd_encode, level=1),
    "TIFF, zstd 3 (ours for zstd)": tiff(imagecodecs.zstd_encode),
    "TIFF, zstd 9": tiff(imagecodecs.zstd_encode, level=9),
}


def main() -> None:
    """Encode every image in every way and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    clean = read_clean_images(
        (parser.parse_args().folder,), channels=3, smallest=1, emit=ignore
    ).images
    random = np.random.default_rng(0)
    deep = [i * np.uint16(256) + random.integers(0, 256, i.shape, np.uint16) for i in clean]
    table = Table("bits", "way", "size", "time", "s")
    for bits, images in (("8", clean), ("16", deep)):
        photos = sum(each.shape[0] * each.shape[1] for each in images) / PHOTO_PIXELS
        base_size, base_seconds = encode_all(images, WAYS["PNG, zlib 6"])
        for name, encode in WAYS.items():
            size, seconds = encode_all(images, encode)
            ratios = f"{size / base_size:.3f}", f"{seconds / base_seconds:.2f}"
            table.add_row(bits, name, *ratios, f"{seconds / photos:.2f}")
    Console().print(table)


def encode_all(
    images: list[NDArray[Any]] | tuple[NDArray[Any], ...], encode: Encoder
) -> tuple[int, float]:
    """Return the bytes of all images and the seconds that they took."""
    started = time.perf_counter()
    size = sum(len(encode(each)) for each in images)
    return size, time.perf_counter() - started


if __name__ == "__main__":
    main()
