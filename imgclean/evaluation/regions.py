"""PSNR in textured and in smooth regions, as in GradNet (Liu et al. 2020), Section 5.4."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn.functional import max_pool2d

from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.evaluation.metrics import psnr
from imgclean.events import EvaluatedRegions
from imgclean.gradient import gradient_magnitude

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.evaluation.trials import Trial
    from imgclean.events import Evaluated

THRESHOLDS = (0.5, 1.0, 1.5, 2.0)
"""Gradient magnitudes above which the paper calls a pixel textured, of images in [0, 1]."""


class RegionScores(NamedTuple):
    """The regions of one image at one threshold; PSNR in dB, None of an empty region."""

    textured_share: float
    textured_psnr: float | None
    smooth_psnr: float | None
    textured_input_psnr: float | None
    smooth_input_psnr: float | None


class RegionTally:
    """The regions of a set's images at every threshold."""

    def __init__(self) -> None:
        self._images: list[list[RegionScores]] = []

    def add(self, trial: Trial, output: NDArray[np.float32]) -> None:
        """Take in one image and the output float32[C, H, W]."""
        self._images.append(region_scores(trial, output))

    def lines(self, line: Evaluated) -> list[EvaluatedRegions]:
        """Return the means over images at each threshold, labelled as the line of the set is."""
        return [
            _means(line, threshold, [image[index] for image in self._images])
            for index, threshold in enumerate(THRESHOLDS)
        ]


def region_scores(trial: Trial, output: NDArray[np.float32]) -> list[RegionScores]:
    """Return an image's regions at each threshold, on the pixels that its PSNR is taken of.

    Args:
        trial: the clean and the degraded image.
        output: float32[C, H, W].
    """
    truth, cleaned, noisy = trial.compared(output)
    strength = trial.inside(texture_strength(trial.clean / GREY_LEVELS))
    return [_scores(strength > threshold, truth, cleaned, noisy) for threshold in THRESHOLDS]


def texture_strength(clean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest gradient of any channel in each pixel's 3x3 neighbourhood.

    It is above a threshold exactly where the paper's region is: the pixels whose own gradient is
    above it, each widened to 3x3. The paper does not say which gradient a colour pixel has; here
    it is that of the channel where it is largest.

    Args:
        clean: float64[H, W, C] in [0, 1], at least 2x2 pixels.

    Returns:
        float64[H, W], 1e-6 to 4.5.
    """
    planes = torch.from_numpy(np.ascontiguousarray(clean.transpose(2, 0, 1)))
    gradients = (gradient_magnitude(plane[None, None]) for plane in planes)
    strongest = reduce(torch.maximum, gradients)  # one at a time: large images take memory
    widened: NDArray[np.float64] = max_pool2d(strongest, 3, stride=1, padding=1)[0, 0].numpy()
    return widened


def _scores(
    textured: NDArray[np.bool_],
    truth: NDArray[np.float64],
    cleaned: NDArray[np.float64],
    noisy: NDArray[np.float64],
) -> RegionScores:
    def within(region: NDArray[np.bool_], image: NDArray[np.float64]) -> float | None:
        return psnr(truth[region], image[region]) if region.any() else None

    return RegionScores(
        float(textured.mean()),
        within(textured, cleaned),
        within(~textured, cleaned),
        within(textured, noisy),
        within(~textured, noisy),
    )


def _means(line: Evaluated, threshold: float, scores: list[RegionScores]) -> EvaluatedRegions:
    shares, textured, smooth, textured_input, smooth_input = zip(*scores, strict=True)
    return EvaluatedRegions(
        set=line.set,
        degradation=line.degradation,
        model=line.model,
        weights=line.weights,
        threshold=threshold,
        textured_share=round(float(np.mean(shares)), 5),
        textured_psnr=_mean(textured),
        smooth_psnr=_mean(smooth),
        textured_input_psnr=_mean(textured_input),
        smooth_input_psnr=_mean(smooth_input),
        textured_images=len(textured) - textured.count(None),
        smooth_images=len(smooth) - smooth.count(None),
    )


def _mean(values: tuple[float | None, ...]) -> float | None:
    """Return the mean of what is there, or None where nothing is."""
    there = [value for value in values if value is not None]
    return round(float(np.mean(there)), 4) if there else None
