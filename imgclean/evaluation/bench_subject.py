"""A model of a bench, and what of it does not depend on the size of the image."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from imgclean.degradation.spec import Gaussian
from imgclean.evaluation.bench_case import BenchCase
from imgclean.evaluation.colours import colour_of_weights
from imgclean.evaluation.multiplications import multiplications_per_pixel
from imgclean.evaluation.protocol import measure
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.evaluation.sample import sample_photographs
from imgclean.events import ignore
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import choose_device, has_bf16
from imgclean.weightsets.network import load_network, tiling_of, validate_options

if TYPE_CHECKING:
    from imgclean.extension.model_info import ModelInfo, Precision, Task
    from imgclean.extension.registry import Registry
    from imgclean.inference.device import PrecisionChoice
    from imgclean.inference.selection import Chosen
    from imgclean.inference.settings import InferenceSettings

SIGMA = 25.0
"""Standard deviation in grey levels of 255 of the noise that everything is measured under."""


class BenchSubject:
    """A model with a weight set.

    Args:
        chosen: both.
        settings: how to clean; the task becomes one that the model does.
        registry: where the model's hook is.
    """

    def __init__(self, chosen: Chosen, settings: InferenceSettings, registry: Registry) -> None:
        self.chosen = chosen
        self.info = chosen.model.info
        self._settings = dataclasses.replace(settings, task=task_of(self.info), sigma=SIGMA)
        self._hook = registry.own_hook("imgclean_denoise", chosen.model.plugin)
        self._psnr: dict[Precision, float] = {}

    @cached_property
    def multiplications_per_pixel(self) -> int:
        """Of the network as its paper has it, whatever is made of it to run faster.

        Raises:
            SetupError: the weight set cannot be used.
        """
        weights = self.chosen.weights
        options = validate_options(self.info, weights.options)
        return multiplications_per_pixel(
            load_network(self.info, weights),
            weights.config.channels,
            tiling_of(self.info, options),
            self._settings.unit_sigma,
        )

    def psnr(self, precision: Precision) -> float | None:
        """Return PSNR in dB at sigma 25 on the sample photographs.

        None of a model that does not denoise, or is not safe in that precision.

        Raises:
            SetupError: the weight set or the device cannot be used.
            ImageError: the photographs cannot be cleaned.
        """
        if self._settings.task != "denoise" or precision not in self.info.precisions:
            return None
        if precision not in self._psnr:
            self._psnr[precision] = self._measure(precision)
        return self._psnr[precision]

    def case(self, precision: Precision, side: int, rounds: int) -> BenchCase:
        """Return what is to be timed: square images of that side in pixels."""
        return BenchCase(
            model=self.chosen.model.key,
            weights=self.chosen.weights,
            settings=dataclasses.replace(self._settings, precision=precision),
            precision=precision,
            width=side,
            height=side,
            rounds=rounds,
            threads=torch.get_num_threads(),
        )

    def _measure(self, precision: Precision) -> float:
        settings = dataclasses.replace(self._settings, precision=precision)
        weights, device = self.chosen.weights, choose_device(settings.device)
        denoiser = Denoiser(self.info, weights, settings, device, self._hook)
        noise = Gaussian.at(SIGMA)
        return measure(
            sample_photographs(),
            noise,
            ModelRestorer(denoiser),
            seed=0,
            emit=ignore,
            colour=colour_of_weights(noise, weights.config.channels),
        ).psnr


def precisions_to_measure(
    info: ModelInfo, device: torch.device, choice: PrecisionChoice
) -> tuple[Precision, ...]:
    """Return in which precisions a model is measured.

    Args:
        info: the model, which declares the safe ones.
        device: where.
        choice: the only one, or `auto` for all that the device computes in hardware.
    """
    if choice != "auto":
        return (choice,) if choice in info.precisions else ()
    fast: dict[Precision, bool] = {
        "fp32": True,
        "bf16": has_bf16(device),
        "fp16": device.type != "cpu",
    }
    return tuple(each for each in fast if each in info.precisions and fast[each])


def task_of(info: ModelInfo) -> Task:
    """Return what a model is asked to do: to denoise, if it can."""
    return "denoise" if "denoise" in info.tasks else info.tasks[0]
