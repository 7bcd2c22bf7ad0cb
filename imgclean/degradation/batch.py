"""Degradation of training batches, all rows in one step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from imgclean.degradation.bicubic_step import BicubicStep
from imgclean.degradation.camera.step import CameraStep
from imgclean.degradation.gaussian import GaussianStep
from imgclean.degradation.jpeg import jpeg_step
from imgclean.degradation.jpeg2000 import jpeg2000_step
from imgclean.degradation.poisson import PoissonStep
from imgclean.degradation.spec import (
    Bicubic,
    Camera,
    Chain,
    Choice,
    Gaussian,
    Jpeg,
    Jpeg2000,
    Poisson,
    PoissonGaussian,
    require_applicable,
)
from imgclean.degradation.steps import Outcome, Step, centre, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.degradation.base import Degradation


@dataclass(frozen=True, slots=True)
class DegradedBatch:
    """A batch to learn from.

    Attributes:
        clean: float32[N, C, size, size] in [0, 1], what is to be learned.
        noisy: of the same shape and layout; neither clipped nor rounded unless a codec did it.
        sigma: float32[N], standard deviations in units of [0, 1], where the domain is Gaussian
            noise alone, else None.
    """

    clean: torch.Tensor
    noisy: torch.Tensor
    sigma: torch.Tensor | None


class BatchDegrader:
    """Degrades each row of a batch at a level, by an alternative and on a grid of its own.

    Args:
        degradation: the domain.
        size: side of the result in pixels.

    Attributes:
        margin: pixels of context that it wants around a patch on every side.
        on_device: whether it works on any device; else it takes CPU tensors alone.

    Raises:
        InvalidSetting: the degradation cannot be applied.
    """

    def __init__(self, degradation: Degradation, size: int) -> None:
        require_applicable(degradation)
        self._step = _step(degradation, size)
        self.margin = self._step.margin
        self.on_device = self._step.on_device

    def __call__(
        self,
        clean: torch.Tensor,
        generator: torch.Generator,
        needed: torch.Tensor | None = None,
    ) -> DegradedBatch:
        """Return the patches without their context, clean and degraded.

        What a row gets depends on the generator's state and the row's place in the batch alone:
        processes that share a batch draw the same for all of it, and each needs its own rows.

        Args:
            clean: float32[N, C, size + 2 margin, size + 2 margin] in [0, 1].
            generator: on the same device.
            needed: bool[N] on the same device, rows whose `noisy` is used; the others' may be
                anything. None for all.
        """
        kept = layout(clean)
        outcome = self._step(clean, generator, needed)
        learned = centre(clean, self.margin) if outcome.clean is None else outcome.clean
        return DegradedBatch(
            learned.contiguous(memory_format=kept),
            outcome.noisy.contiguous(memory_format=kept),
            outcome.sigma,
        )


def _step(degradation: Degradation, side: int) -> Step:
    """Return what degrades batches to results of `side` pixels."""
    match degradation:
        case Choice(parts):
            return _ChoiceStep([_step(part, side) for part in parts])
        case Chain(parts):
            steps: list[Step] = []
            for part in reversed(parts):
                steps.insert(0, _step(part, side))
                side += 2 * steps[0].margin
            return _ChainStep(steps)
        case Gaussian():
            return GaussianStep(degradation)
        case Poisson() | PoissonGaussian():
            return PoissonStep(degradation)
        case Jpeg():
            return jpeg_step(degradation, side)
        case Jpeg2000():
            return jpeg2000_step(degradation, side)
        case Camera(iso):
            return CameraStep(iso, side)
        case Bicubic():
            return BicubicStep(degradation, side)
        case _:
            raise TypeError(f"no step for {degradation}")


class _ChainStep:
    """One step after the other, each of which leaves the margins of those behind it."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self.margin = sum(step.margin for step in steps)
        self.on_device = all(step.on_device for step in steps)

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        clean: torch.Tensor | None = None
        for step in self._steps:
            outcome = step(image, generator, needed)
            image = outcome.noisy
            clean = outcome.clean if clean is None else centre(clean, step.margin)
        return Outcome(image, clean=clean)


class _ChoiceStep:
    """One of several steps for each row, all equally likely."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self.margin = max(step.margin for step in steps)
        self.on_device = all(step.on_device for step in steps)

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        shape = (image.shape[0],)
        choice = torch.randint(
            len(self._steps), shape, generator=generator, device=generator.device
        )
        noisy = clean = centre(image, self.margin)
        sigma: torch.Tensor | None = torch.zeros(shape, device=image.device)
        for number, step in enumerate(self._steps):
            chosen = choice == number
            own = centre(image, self.margin - step.margin)
            outcome = step(own, generator, chosen if needed is None else chosen & needed)
            mine = chosen.view(-1, 1, 1, 1)
            noisy = torch.where(mine, outcome.noisy, noisy)
            if outcome.clean is not None:
                clean = torch.where(mine, outcome.clean, clean)
            if sigma is None or outcome.sigma is None:
                sigma = None
            else:
                sigma = torch.where(chosen, outcome.sigma, sigma)
        return Outcome(noisy, sigma, clean)
