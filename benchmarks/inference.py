"""Compares the speed of imgclean with other ways to run the same network, and with classical ones.

    python benchmarks/inference.py [--size 1000]     # DnCNN-20, colour, 1 megapixel, on the CPU
    python benchmarks/inference.py --models          # every other installed model
    python benchmarks/inference.py --photo           # a JPEG of 24 megapixels by the command line
    python benchmarks/inference.py --device cuda     # 24 megapixels, 512x512, a folder of photos

All ways take turns in one run, with products of two matrices of 2048 rows in each precision; the
medians count. The share is of that product's rate, by the multiplications that the network has in
its paper. The speed-up is over torch in eager mode: float32, batch normalisation and all, default
memory format, the whole image at once, in a process of its own. DnCNN has fresh weights, on which
its speed does not depend.

Others are measured where their package is installed, with the rest of imgclean:

    pip install onnxruntime onnxscript onnx openvino opencv-python-headless bm3d
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from inference_cuda import compare_on_cuda
from inference_photo import compare_photo
from inference_subjects import DNCNN, Subject, subject_of
from inference_ways import NAIVE, SIGMA, Absent, Way, all_ways
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from imgclean.evaluation.speed import (
    MatrixProduct,
    medians_by_turns,
    milliseconds_per_megapixel,
    rate_of,
    seconds_of,
)
from imgclean.extension.loader import load_plugins
from imgclean.inference.allocator import keep_freed_memory
from imgclean.inference.device import device_name, forbid_tf32

if TYPE_CHECKING:
    from collections.abc import Callable

CPU = torch.device("cpu")


def main() -> None:
    """Compare what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=1000, help="side of the image in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--models", action="store_true", help="every other installed model")
    parser.add_argument("--photo", action="store_true", help="JPEG to JPEG by the command line")
    parser.add_argument("--megapixels", type=float, default=24, help="of that photo")
    parser.add_argument("--images", type=int, default=24, help="photos of the folder, on CUDA")
    arguments = parser.parse_args()
    keep_freed_memory()  # as the command line does
    forbid_tf32()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    console = Console()
    registry = load_plugins()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        dncnn = subject_of(registry, "dncnn", folder, SIGMA, DNCNN)
        if arguments.device == "cuda":
            compare_on_cuda(dncnn, folder, arguments.rounds, arguments.images, console)
        elif arguments.photo:
            compare_photo(dncnn, folder, arguments.rounds, arguments.megapixels, console)
        elif arguments.models:
            names = [each.key for each in registry.models() if each.info.name != "dncnn"]
            for name in names:
                other = subject_of(registry, name, folder, SIGMA)
                compare(other, arguments.size, arguments.rounds, folder, console)
            if not names:
                console.print("no other model than dncnn is installed")
        else:
            compare(dncnn, arguments.size, arguments.rounds, folder, console)


def compare(subject: Subject, side: int, rounds: int, folder: Path, console: Console) -> None:
    """Measure every way by turns, and print the table."""
    ways = all_ways(subject, side, folder)
    present = {each.name: each for each in ways if isinstance(each, Way)}
    products = {name: MatrixProduct(CPU, name) for name in ("fp32", "bf16")}
    measurements = {name: _timing(way) for name, way in present.items()}
    measurements |= {name: product.rate for name, product in products.items()}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Measuring", total=rounds + 1)
        medians = medians_by_turns(measurements, rounds, lambda: progress.advance(task))
    table = Table(
        title=f"{subject.weights.name}, colour, {side}x{side}, "
        f"{subject.multiplications:,} multiplications per pixel\n"
        f"{device_name(CPU)}, {torch.get_num_threads()} threads, torch {torch.__version__}; "
        f"matrix product {medians['fp32']:,.0f} GFLOP/s in fp32, {medians['bf16']:,.0f} in bf16"
    )
    for heading in ("way", "s", "s per MP", "share", "speed-up", ""):
        table.add_column(heading, justify="left" if heading in ("way", "") else "right")
    naive = medians[NAIVE] / (side * side / 1e6) if NAIVE in medians else None
    for way in ways:
        table.add_row(way.name, *_figures(way, subject, medians, naive))
    console.print(table)


def _timing(way: Way) -> Callable[[], float]:
    return way.seconds or (lambda: seconds_of(way.clean, CPU))


def _figures(
    way: Way | Absent, subject: Subject, medians: dict[str, float], naive: float | None
) -> tuple[str, ...]:
    """Return the cells of a way's row but its name; `naive` is the naive one's s per megapixel."""
    if isinstance(way, Absent):
        return "", "", "", "", way.reason
    seconds = medians[way.name]
    per_megapixel = milliseconds_per_megapixel(seconds, way.pixels) / 1e3
    share = ""
    if way.precision:
        rate = rate_of(subject.multiplications, way.pixels, seconds)
        share = f"{rate / medians[way.precision]:.0%}"
    speed_up = f"{naive / per_megapixel:.2f}" if naive else ""
    return f"{seconds:.3f}", f"{per_megapixel:.3f}", share, speed_up, way.note


if __name__ == "__main__":
    main()
