"""Shot noise, y = Poisson(peak x) / peak, alone or with Gaussian noise; not clipped.

DN-ResNet, Introduction; Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting
for single-image raw-data", IEEE TIP 2008, for the sum of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.degradation.drawing import logarithmic
from imgclean.degradation.gaussian import draw_noise, draw_sigma
from imgclean.degradation.spec import PoissonGaussian
from imgclean.degradation.steps import Outcome, needed_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.spec import Poisson


def add_poisson(
    image: NDArray[np.float64], peak: float, random: np.random.RandomState
) -> NDArray[np.float64]:
    """Return float64[H, W, C] in which a white pixel counts `peak` photons in the mean."""
    counts: NDArray[np.int64] = random.poisson(np.maximum(image, 0) * peak)
    return counts / peak


def draw_counts(
    rates: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
) -> torch.Tensor:
    """Return Poisson counts of float32[N, C, H, W].

    How many numbers a count takes from a sequence depends on its rate. On CUDA every element has
    a sequence of its own, elsewhere every row gets one.
    """
    if rates.is_cuda:
        return torch.poisson(rates, generator)
    count = rates.shape[0]
    seeds = torch.randint(2**62, (count,), generator=generator, device=generator.device).tolist()
    counts = torch.zeros_like(rates)
    own = torch.Generator(rates.device)
    for row in needed_rows(count, needed):
        counts[row] = torch.poisson(rates[row], own.manual_seed(seeds[row]))
    return counts


class PoissonStep:
    """Replaces each row by counts, of a peak of its own, and adds Gaussian noise if wanted."""

    margin = 0
    on_device = True

    def __init__(self, spec: Poisson | PoissonGaussian) -> None:
        self._peak = spec.peak
        self._sigma = spec.sigma if isinstance(spec, PoissonGaussian) else None

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        """Return the noisy rows, not clipped."""
        count = image.shape[0]
        share = torch.rand(count, generator=generator, device=generator.device)
        peak = logarithmic(self._peak, share).view(-1, 1, 1, 1)
        noisy = draw_counts(image.clamp(min=0) * peak, generator, needed) / peak
        if self._sigma:
            sigma = draw_sigma(self._sigma, count, generator)
            noisy = noisy + draw_noise(noisy, sigma, generator)
        return Outcome(noisy)
