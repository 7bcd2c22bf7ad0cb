"""One line of a bench, measured in a process of its own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.errors import NonFiniteOutput
from imgclean.evaluation.peak_memory import PeakMemory
from imgclean.evaluation.sample import noisy_photograph
from imgclean.evaluation.speed import MatrixProduct, medians_by_turns, seconds_of
from imgclean.events import Progressed
from imgclean.extension.loader import load_plugins
from imgclean.images.pixels import sample_range
from imgclean.images.rasters import MemorySamples, PixelRaster, PixelSink
from imgclean.inference.allocator import keep_freed_memory
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import choose_device

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.events import Emit
    from imgclean.extension.model_info import Precision
    from imgclean.inference.settings import InferenceSettings
    from imgclean.weightsets.catalogue import WeightSet


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchCase:
    """A model in one precision on an image of one size. Can be pickled.

    Attributes:
        model: key of the model, which the process looks up anew.
        weights: its weight set.
        settings: how to clean.
        precision: that of the settings, which is none to be chosen.
        width, height: of the image in pixels.
        rounds: how often it is cleaned after once to warm up.
        threads: of torch on the CPU.
    """

    model: str
    weights: WeightSet
    settings: InferenceSettings
    precision: Precision
    width: int
    height: int
    rounds: int
    threads: int

    @property
    def title(self) -> str:
        """What the progress display calls it."""
        return f"{self.weights.name} {self.precision} {self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        """How many the image has."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Measured:
    """What a case took.

    Attributes:
        seconds: to clean the image, the median of the rounds.
        matrix_rate: GFLOP/s of a product of matrices in the same precision and the same rounds.
        memory: in MiB above what the process had before the weights were read, at most.
    """

    seconds: float
    matrix_rate: float
    memory: float


def measure_case(case: BenchCase, emit: Emit) -> Measured:
    """Measure a case; to be called in a fresh process, whose memory nothing else has grown.

    Raises:
        ImgcleanError: as `Denoiser` and `Denoiser.denoise`.
        NonFiniteOutput: the result is finite in float32 only.
    """
    torch.set_num_threads(case.threads)
    device = choose_device(case.settings.device)
    image = noisy_photograph(
        case.height, case.width, case.weights.config.channels, case.settings.sigma or 0
    )
    registry = load_plugins()
    model = registry.model(case.model)
    hook = registry.own_hook("imgclean_denoise", model.plugin)
    keep_freed_memory()
    with PeakMemory(device) as peak:
        denoiser = Denoiser(model.info, case.weights, case.settings, device, hook)
        _require_precision(clean_once(denoiser, image), case.precision, model.info.name)
    product = MatrixProduct(device, case.precision)
    product.rate()  # to warm up, as the image was cleaned once
    rounds = itertools.count(1)

    def progressed() -> None:
        emit(Progressed(input=case.title, share=next(rounds) / case.rounds, megapixels=0.0))

    measurements: dict[str, Callable[[], float]] = {
        "seconds": lambda: seconds_of(lambda: clean_once(denoiser, image), device),
        "matrix_rate": product.rate,
    }
    medians = medians_by_turns(measurements, case.rounds, progressed, warm_up=0)
    return Measured(**medians, memory=peak.mebibytes)


def clean_once(denoiser: Denoiser, image: NDArray[np.uint8]) -> Precision:
    """Clean an image as a run does between reading and writing it.

    Args:
        denoiser: does it.
        image: uint8[H, W, C].

    Returns:
        The precision of the result.

    Raises:
        ImageError: it cannot be done.
    """
    noisy, clean = MemorySamples(image), MemorySamples(np.empty_like(image))
    span = sample_range(image)
    return denoiser.denoise(
        PixelRaster(noisy, span), PixelSink(clean, noisy, span), dtype=image.dtype
    )


def _require_precision(found: Precision, wanted: Precision, name: str) -> None:
    if found != wanted:
        raise NonFiniteOutput(
            f"{name} returned NaN or infinity in {wanted}", hint=f"{found} is what it is safe in"
        )
