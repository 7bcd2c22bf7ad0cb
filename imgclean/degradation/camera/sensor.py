"""A sensor's noise: what shot and read noise a sensitivity brings.

Brooks et al., "Unprocessing images for learned raw denoising", CVPR 2019, Section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from imgclean.degradation.camera.rows import spread

if TYPE_CHECKING:
    from imgclean.degradation.base import Levels
    from imgclean.degradation.camera.rows import Draw

_SHOT_PER_ISO = 1e-6
_SLOPE, _INTERCEPT, _DEVIATION = 2.18, 1.20, 0.26


@dataclass(frozen=True, slots=True)
class SensorNoise:
    """Noise of linear raw light x in [0, 1], of variance shot x + read, for each row.

    Attributes:
        shot: float32[N].
        read: float32[N].
    """

    shot: torch.Tensor
    read: torch.Tensor


def draw_sensor_noise(iso: Levels, draw: Draw) -> SensorNoise:
    """Return noise of sensitivities whose logarithms are uniform.

    The shot noise is 1e-6 ISO. Brooks et al. draw its logarithm from the range of log 1e-4 to log
    0.012, which here are ISO 100 and 12000, and fit log read = 2.18 log shot + 1.20 + N(0, 0.26)
    to the cameras of the Darmstadt data set.
    """
    shot = _SHOT_PER_ISO * draw.logarithmic(iso)
    read = torch.exp(_SLOPE * shot.log() + _INTERCEPT + draw.normal(0, _DEVIATION))
    return SensorNoise(shot, read)


def add_sensor_noise(
    raw: torch.Tensor, noise: SensorNoise, generator: torch.Generator
) -> torch.Tensor:
    """Return raw float32[N, C, H, W] in [0, 1] with noise, neither clipped nor quantised."""
    variance = raw * spread(noise.shot) + spread(noise.read)
    drawn = torch.randn(raw.shape, generator=generator, device=raw.device)
    return drawn.mul_(variance.sqrt_()).add_(raw)
