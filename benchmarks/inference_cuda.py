"""What a GPU makes of large and small images, and of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from inference_ways import SIGMA
from rich.table import Table
from throughput import by_our_codecs, codecs_alone, make_photos, whole_run

from imgclean.evaluation.bench_case import clean_once
from imgclean.evaluation.sample import noisy_photograph
from imgclean.evaluation.speed import MatrixProduct, medians_by_turns, rate_of, seconds_of
from imgclean.extension.loader import load_plugins
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import device_name
from imgclean.inference.selection import Selection
from imgclean.inference.settings import InferenceSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inference_subjects import Subject
    from rich.console import Console

SIZES = ((4000, 6000), (512, 512))


def compare_on_cuda(
    subject: Subject, folder: Path, rounds: int, images: int, console: Console
) -> None:
    """Measure the denoising of 24 megapixels and of 512x512, and a whole run over photographs.

    Args:
        subject: the model, whose weight set is a folder.
        folder: for the photographs.
        rounds: of each measurement.
        images: how many photographs of 12 megapixels.
        console: gets the table; says so where there is no CUDA device.
    """
    if not torch.cuda.is_available():
        console.print(f"there is no CUDA device here (torch {torch.__version__})")
        return
    device = torch.device("cuda")
    settings = InferenceSettings(device="cuda", precision="bf16")
    denoiser = Denoiser(subject.info, subject.weights, settings, device, subject.hook)
    product = MatrixProduct(device, "bf16")
    measurements: dict[object, Callable[[], float]] = {
        size: _timing(denoiser, size, device) for size in SIZES
    }
    medians = medians_by_turns({"product": product.rate, **measurements}, rounds)
    rate = medians["product"]
    table = Table(
        title=f"{device_name(device)}, torch {torch.__version__}, {subject.weights.name}, bf16; "
        f"matrix product {rate / 1e3:,.0f} TFLOP/s"
    )
    for heading in ("image", "ms", "share"):
        table.add_column(heading, justify="left" if heading == "image" else "right")
    for height, width in SIZES:
        seconds = medians[height, width]
        share = rate_of(subject.multiplications, height * width, seconds) / rate
        table.add_row(f"{width}x{height}", f"{seconds * 1e3:.2f}", f"{share:.0%}")
    console.print(table)
    _compare_folder(subject, folder, rounds, images, console)


def _timing(denoiser: Denoiser, size: tuple[int, int], device: torch.device) -> Callable[[], float]:
    image = noisy_photograph(*size, 3, SIGMA)
    return lambda: seconds_of(lambda: clean_once(denoiser, image), device)


def _compare_folder(
    subject: Subject, folder: Path, rounds: int, images: int, console: Console
) -> None:
    """Measure a run over JPEGs of 12 megapixels, and decoding and encoding alone, by turns."""
    photos = folder / "photos"
    photos.mkdir()
    make_photos(photos, images)
    selection = Selection(
        load_plugins(),
        InferenceSettings(device="cuda"),
        weights=str(subject.weights.folder),
    )
    medians = medians_by_turns(
        {
            "codecs": lambda: codecs_alone(photos, by_our_codecs),
            "run": lambda: whole_run(photos, folder / "clean", selection),
        },
        rounds,
    )
    console.print(
        f"{images} JPEGs of 12 megapixels: decoding and encoding alone {medians['codecs']:.2f} s, "
        f"the whole run {medians['run']:.2f} s, {medians['run'] / medians['codecs']:.2f} times that"
    )
