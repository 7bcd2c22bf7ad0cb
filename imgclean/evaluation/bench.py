"""How fast the installed models are on this machine, and what a lower precision costs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgclean.errors import ImageError, NoModelInstalled
from imgclean.evaluation.bench_case import measure_case
from imgclean.evaluation.bench_subject import BenchSubject, precisions_to_measure, task_of
from imgclean.evaluation.contenders import Entry, entries
from imgclean.evaluation.fresh_process import run_fresh
from imgclean.evaluation.speed import milliseconds_per_megapixel, rate_of
from imgclean.events import Benched, Failed, Progressed
from imgclean.inference.device import choose_device, choose_precision
from imgclean.inference.selection import COLOUR, choose
from imgclean.weightsets.catalogue import installed

if TYPE_CHECKING:
    from imgclean.evaluation.bench_case import BenchCase
    from imgclean.events import Emit
    from imgclean.extension.model_info import Precision
    from imgclean.extension.registry import Registry
    from imgclean.inference.selection import Chosen
    from imgclean.inference.settings import InferenceSettings
    from imgclean.weightsets.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRules:
    """What is measured of each model.

    Attributes:
        sides: of the square images in pixels.
        rounds: how often each is cleaned.
    """

    sides: tuple[int, ...] = (1000,)
    rounds: int = 5


class Bench:
    """Models, measured one after another; each line in a fresh process.

    Args:
        registry: the installed models.
        settings: how to clean. `auto` is every precision that is safe for the model and that the
            device is fast in; task and sigma are set for each model.
        rules: what is measured.
        models: names; without these and `weights` all that can be used.
        weights: names or paths of weight sets.

    Raises:
        UsageError, SetupError: a model or a weight set is not there, or they disagree; no model
            is safe in the precision that was asked for; the device is not there.
    """

    def __init__(
        self,
        registry: Registry,
        settings: InferenceSettings,
        rules: BenchRules,
        *,
        models: tuple[str, ...] = (),
        weights: tuple[str, ...] = (),
    ) -> None:
        self._rules = rules
        self._precision = settings.precision
        self._device = choose_device(settings.device)
        catalogue = installed()
        named = bool(models or weights)
        if named:
            found = entries(registry, catalogue, models, weights)
            chosen = [_choose(registry, catalogue, settings, each) for each in found]
        else:
            chosen = _usable(registry, catalogue, settings)
        self._lines = [
            (BenchSubject(each, settings, registry), precision)
            for each in chosen
            for precision in self._precisions(each, required=named)
        ]
        if not self._lines:
            self._precisions(chosen[0], required=True)

    def __len__(self) -> int:
        """Return how many lines there will be."""
        return len(self._lines) * len(self._rules.sides)

    def run(self, emit: Emit) -> None:
        """Measure every line; each is emitted as `Benched`, or as `Failed` if it cannot be.

        Raises:
            SetupError: a weight set cannot be used.
            KeyboardInterrupt: the user asked to stop.
        """
        for subject, precision in self._lines:
            for side in self._rules.sides:
                case = subject.case(precision, side, self._rules.rounds)
                try:
                    emit(self._measure(subject, case, emit))
                except ImageError as error:
                    emit(self._failed(subject, case, error))

    def _measure(self, subject: BenchSubject, case: BenchCase, emit: Emit) -> Benched:
        emit(Progressed(input=case.title, share=0.0, megapixels=0.0))
        multiplications = subject.multiplications_per_pixel
        psnr, best = subject.psnr(case.precision), subject.psnr("fp32")
        measured = run_fresh(measure_case, case, emit)
        rate = rate_of(multiplications, case.pixels, measured.seconds)
        return Benched(
            model=subject.info.name,
            weights=case.weights.name,
            device=str(self._device),
            precision=case.precision,
            width=case.width,
            height=case.height,
            ms_per_megapixel=round(milliseconds_per_megapixel(measured.seconds, case.pixels), 3),
            multiplications_per_pixel=multiplications,
            rate=round(rate, 3),
            matrix_rate=round(measured.matrix_rate, 3),
            share=round(rate / measured.matrix_rate, 4),
            peak_memory_mib=round(measured.memory, 1),
            psnr=psnr,
            psnr_cost=None if psnr is None or best is None else round(best - psnr, 4),
        )

    def _failed(self, subject: BenchSubject, case: BenchCase, error: ImageError) -> Failed:
        return Failed(
            input=case.title,
            width=case.width,
            height=case.height,
            model=subject.info.name,
            weights=case.weights.name,
            device=str(self._device),
            precision=case.precision,
            error=type(error).__name__,
            message=f"{case.title}: {error}" + (f" ({error.hint})" if error.hint else ""),
        )

    def _precisions(self, chosen: Chosen, *, required: bool) -> tuple[Precision, ...]:
        info = chosen.model.info
        if required and self._precision != "auto":
            choose_precision(self._precision, info, self._device, np.dtype(np.uint8))
        return precisions_to_measure(info, self._device, self._precision)


def _usable(registry: Registry, catalogue: Catalogue, settings: InferenceSettings) -> list[Chosen]:
    """Return every model that needs no weights or has a fitting set, with that."""
    if not registry.models():
        raise registry.none_works()
    found = []
    for each in registry.models():
        try:
            found.append(_choose(registry, catalogue, settings, Entry(each.key)))
        except NoModelInstalled as error:
            missing = error
    if not found:
        raise missing
    return found


def _choose(
    registry: Registry, catalogue: Catalogue, settings: InferenceSettings, entry: Entry
) -> Chosen:
    """Return a model with its weight set for colour images, if it has one."""
    if entry.model:
        task = task_of(registry.model(entry.model).info)
        settings = dataclasses.replace(settings, task=task)
    return choose(registry, catalogue, settings, COLOUR, model=entry.model, weights=entry.weights)
