"""Looks at a network on the way: PSNR on parts of some images, and pictures of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.degradation.image import degrade_image
from imgclean.degradation.spec import Gaussian
from imgclean.evaluation.metrics import blur
from imgclean.events import Validated
from imgclean.images.centre import central_square
from imgclean.training.pictures import side_by_side
from imgclean.training.tally import psnr_of
from imgclean.weightsets.network import takes_clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation

_SEED = 0
_PICTURES = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """A part of an image, noisy and clean, both float32[C, h, w] in [0, 1].

    Attributes:
        name: of the image, without its folder and suffix.
        degradation: what made it noisy, as it is shown.
        sigma: what a noise-aware network is told, in units of [0, 1], or None.
    """

    name: str
    degradation: str
    noisy: torch.Tensor
    clean: torch.Tensor
    sigma: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured at one step.

    Attributes:
        levels: mean PSNR in dB over the images, by degradation.
        images: how many each is of.
        blur: how far the output's blur is from that of the clean images, mean over all, see
            `metrics.blur`; None where that was not asked for.
    """

    levels: dict[str, float]
    images: int
    blur: float | None = None

    @property
    def psnr(self) -> float:
        """The mean over the levels, in dB."""
        return float(np.mean(list(self.levels.values())))

    def columns(self) -> dict[str, float]:
        """Return what a row of the log has of it: each level's own only where there are several."""
        columns = {"validation_psnr": self.psnr}
        if len(self.levels) > 1:
            columns |= {f"validation_psnr_{name}": each for name, each in self.levels.items()}
        if self.blur is not None:
            columns["validation_blur"] = self.blur
        return columns

    def events(self, stage: str, step: int) -> list[Validated]:
        """Return an event for each level."""
        return [
            Validated(stage=stage, step=step, degradation=name, images=self.images, psnr=psnr)
            for name, psnr in self.levels.items()
        ]


@dataclass(slots=True)
class Inspection:
    """What a network is looked at with.

    Attributes:
        samples: may be none.
        counts: whether their PSNR is a measurement; training images only make pictures.
        measures_blur: whether their blur is measured too.
    """

    samples: Sequence[Sample]
    counts: bool
    measures_blur: bool = False
    _shown: dict[str, NDArray[np.uint8]] = field(default_factory=dict)

    @torch.inference_mode()
    def measure(
        self,
        network: torch.nn.Module,
        autocast: Callable[[], AbstractContextManager[object]],
    ) -> Figures | None:
        """Return what the samples' PSNR is, or None where it does not count.

        Args:
            network: is left in the mode in which it was.
            autocast: gives the context of a pass.
        """
        device = next(network.parameters()).device
        was_training = network.training
        network.eval()
        shows_clean = takes_clean(network)
        scores: dict[str, list[float]] = {}
        blurs = []
        pictured = self._pictured()
        for sample in self.samples:
            noisy = sample.noisy[None].to(device, memory_format=torch.channels_last)
            level = None if sample.sigma is None else noisy.new_full((1,), sample.sigma)
            truth = {"clean": sample.clean[None].to(device)} if shows_clean else {}
            with autocast():
                output = network(noisy, level, **truth)
            output = output[0].float().cpu()
            error = (output.clamp(0, 1) - sample.clean).square().mean()
            scores.setdefault(sample.degradation, []).append(psnr_of(float(error)))
            if self.measures_blur and self.counts:
                blurs.append(abs(_blur(output) - _blur(sample.clean)))
            if sample.degradation == pictured and len(scores[pictured]) <= _PICTURES:
                self._shown[sample.name] = side_by_side(sample.noisy, output, sample.clean)
        network.train(was_training)
        if not scores or not self.counts:
            return None
        means = {name: float(np.mean(each)) for name, each in scores.items()}
        images = len(self.samples) // len(means)
        return Figures(means, images, float(np.mean(blurs)) if blurs else None)

    def _pictured(self) -> str | None:
        """Return the degradation in the middle, of which there are pictures."""
        names = list(dict.fromkeys(each.degradation for each in self.samples))
        return names[len(names) // 2] if names else None

    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """Return noisy, cleaned and clean side by side, of the latest measurement, by name."""
        return dict(self._shown)


def sample_of_image(
    name: str, image: NDArray[np.uint8] | NDArray[np.uint16], degradation: Degradation, side: int
) -> Sample:
    """Return the central square of an image with noise on it.

    Args:
        name: of the image.
        image: [H, W, C].
        degradation: one level.
        side: of the square, in pixels; the whole width or height where that is less.
    """
    degraded = degrade_image(central_square(image, side), degradation, seed=_SEED)
    sigma = degradation.sigma.low / GREY_LEVELS if isinstance(degradation, Gaussian) else None
    return Sample(
        name, str(degradation), _tensor(degraded.noisy), _tensor(_unit(degraded.clean)), sigma
    )


def sample_of_pair(
    name: str,
    noisy: NDArray[np.uint8] | NDArray[np.uint16],
    clean: NDArray[np.uint8] | NDArray[np.uint16],
    side: int,
) -> Sample:
    """Return the central square of a pair, [H, W, C] each."""
    return Sample(
        name,
        "pairs",
        _tensor(_unit(central_square(noisy, side))),
        _tensor(_unit(central_square(clean, side))),
        None,
    )


def _blur(image: torch.Tensor) -> float:
    """Return the blur of float32[C, h, w] in [0, 1], which is clamped."""
    return blur(image.clamp(0, 1).permute(1, 2, 0).numpy() * GREY_LEVELS)


def _unit(image: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = image / np.float64(np.iinfo(image.dtype).max)
    return scaled


def _tensor(image: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32))
