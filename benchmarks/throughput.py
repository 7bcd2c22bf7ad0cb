"""How near a run over photographs comes to what decoding and encoding alone cost.

Makes a folder of JPEGs of 12 megapixels and compares, in turn, the decoding and encoding of all
of them on as many threads as there are cores, by imageio and by our codecs, with a whole run of a
model that returns its input.

    python benchmarks/throughput.py [--images 24] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import imageio.v3 as iio
import numpy as np
from PIL import Image
from rich.console import Console
from skimage import data

from imgclean.events import ignore
from imgclean.extension.loader import load_plugins
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image
from imgclean.inference.allocator import keep_freed_memory
from imgclean.inference.plan import FileRules, make_plan
from imgclean.inference.run import run_here
from imgclean.inference.selection import Selection
from imgclean.inference.settings import InferenceSettings
from imgclean.inference.treatment import Denoising

if TYPE_CHECKING:
    from collections.abc import Callable

IDENTITY = Path(__file__).parents[1] / "tests" / "identity"
WIDTH, HEIGHT = 4000, 3000


def make_photos(folder: Path, count: int, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Write JPEGs of a photograph with noise, as a camera would: quality 92, 4:2:0."""
    photo = Image.fromarray(data.astronaut()).resize((width, height), Image.Resampling.BICUBIC)
    random = np.random.default_rng(0)
    grain = random.normal(0, 6, (height, width, 3)).astype(np.float32)
    for number in range(count):
        noisy = np.asarray(photo, np.float32) + np.roll(grain, 97 * number, axis=1)
        samples = noisy.clip(0, 255).astype(np.uint8)
        Image.fromarray(samples).save(folder / f"{number:02}.jpg", quality=92, subsampling=2)


def by_imageio(path: Path) -> int:
    """Decode and encode a file as imageio does it."""
    samples = iio.imread(path, plugin="pillow")
    encoded: bytes = iio.imwrite("<bytes>", samples, plugin="pillow", extension=".jpg", quality=92)
    return len(encoded)


def by_our_codecs(path: Path) -> int:
    """Decode and encode a file as a run does it, metadata and all."""
    return len(encode_image(decode_image(path.read_bytes(), path.name), "jpeg"))


def codecs_alone(folder: Path, both: Callable[[Path], int]) -> float:
    """Return the seconds that decoding and encoding every file takes on all cores."""
    started = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(both, sorted(folder.iterdir())))
    return time.perf_counter() - started


def whole_run(folder: Path, output: Path, selection: Selection) -> float:
    """Return the seconds that a run over the folder takes."""
    rules = FileRules(output=str(output), overwrite=True)
    plan = make_plan([folder], rules)
    started = time.perf_counter()
    summary = run_here(plan, Denoising(selection, ignore), rules, ignore)
    seconds = time.perf_counter() - started
    if summary.failed:
        sys.exit(f"{summary.failed} files failed")
    return seconds


def main() -> None:
    """Print the seconds of each and their ratios."""
    keep_freed_memory()
    console = Console()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sys.path.insert(0, str(IDENTITY))
    selection = Selection(load_plugins(), InferenceSettings(), model="identity")
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch, "photos")
        photos.mkdir()
        make_photos(photos, arguments.images)
        for _ in range(arguments.rounds):
            plain = codecs_alone(photos, by_imageio)
            ours = codecs_alone(photos, by_our_codecs)
            run = whole_run(photos, Path(scratch, "clean"), selection)
            console.print(
                f"imageio {plain:.2f} s, our codecs {ours:.2f} s, whole run {run:.2f} s: "
                f"{plain / run:.0%} of the speed of imageio, {ours / run:.0%} of our codecs'",
                soft_wrap=True,
            )


if __name__ == "__main__":
    main()
