"""What a photograph costs by the command line, beside the denoising alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from inference_ways import SIGMA
from rich.table import Table
from throughput import make_photos

from imgclean.evaluation.bench_case import clean_once
from imgclean.evaluation.sample import noisy_photograph
from imgclean.evaluation.speed import (
    MatrixProduct,
    medians_by_turns,
    milliseconds_per_megapixel,
    rate_of,
    seconds_of,
)
from imgclean.images.read import read_image
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.settings import InferenceSettings

if TYPE_CHECKING:
    from pathlib import Path

    from inference_subjects import Subject
    from rich.console import Console

CPU = torch.device("cpu")
_MIB = 2**20 if sys.platform == "darwin" else 2**10  # units of ru_maxrss
_LAUNCHER = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"code": code, "seconds": seconds, "peak": peak}))
"""


@dataclass
class Program:
    """A command, run as a process of its own.

    A small process starts it: on Linux a process begins with the peak of the one that started it.

    Attributes:
        command: its arguments.
        peaks: most resident memory in MiB of each run.
    """

    command: list[str]
    peaks: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        """Run it and return how long it took."""
        launched = [sys.executable, "-I", "-c", _LAUNCHER, *self.command]
        done = subprocess.run(launched, stdout=subprocess.PIPE, check=True)
        outcome = json.loads(done.stdout)
        if outcome["code"]:
            sys.exit(f"{' '.join(self.command)} ended with exit code {outcome['code']}")
        self.peaks.append(outcome["peak"] / _MIB)
        return float(outcome["seconds"])

    @property
    def peak(self) -> float:
        """The median of the runs."""
        return float(np.median(self.peaks))


def compare_photo(
    subject: Subject, folder: Path, rounds: int, megapixels: float, console: Console
) -> None:
    """Measure the command line on a JPEG, torch's import and the denoising alone by turns.

    Args:
        subject: the model, whose weight set is a folder.
        folder: for the photograph.
        rounds: of the measurement.
        megapixels: of the photograph, which is 3:2.
        console: gets the table.
    """
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    make_photos(folder, 1, round(height * 1.5), height)
    photo, clean = folder / "00.jpg", folder / "clean.jpg"
    arguments = ["denoise", str(photo), "-o", str(clean), "--overwrite", "--device", "cpu"]
    arguments += ["--weights", str(subject.weights.folder), "--quiet"]
    if torch.get_num_threads() != os.cpu_count():
        arguments += ["--threads", str(torch.get_num_threads())]
    program = Program([sys.executable, "-m", "imgclean", *arguments])
    torch_alone = Program([sys.executable, "-c", "import torch"])
    denoiser = Denoiser(subject.info, subject.weights, InferenceSettings(), CPU, subject.hook)
    image = read_image(photo).colour
    precision = denoiser.precision_for(image.dtype)
    clean_once(denoiser, noisy_photograph(1024, 1024, 3, SIGMA))  # to warm up
    product = MatrixProduct(CPU, precision)
    medians = medians_by_turns(
        {
            "program": program.seconds,
            "torch": torch_alone.seconds,
            "stage": lambda: seconds_of(lambda: clean_once(denoiser, image), CPU),
            "product": product.rate,
        },
        rounds,
        warm_up=0,
    )
    pixels = image.shape[0] * image.shape[1]
    share = rate_of(subject.multiplications, pixels, medians["stage"]) / medians["product"]
    without = medians["program"] - medians["torch"]
    size = f"{image.shape[1]}x{image.shape[0]}"
    table = Table(title=f"JPEG to JPEG, {size}, {subject.weights.name}, {precision}")
    for heading in ("", "s", "s per MP", "peak MiB", ""):
        table.add_column(heading, justify="right" if heading else "left")
    for name, seconds, peak, note in [
        ("imgclean denoise", medians["program"], f"{program.peak:,.0f}", ""),
        ("import torch", medians["torch"], f"{torch_alone.peak:,.0f}", ""),
        ("the first less the second", without, f"{program.peak - torch_alone.peak:,.0f}", ""),
        ("denoising alone", medians["stage"], "", f"{share:.0%} of the matrix product"),
    ]:
        per_megapixel = milliseconds_per_megapixel(seconds, pixels) / 1e3
        table.add_row(name, f"{seconds:.2f}", f"{per_megapixel:.3f}", peak, note)
    console.print(table)
    console.print(f"The program takes {without / medians['stage']:.3f} times the denoising alone.")
