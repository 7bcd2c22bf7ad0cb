"""Bicubic shrinking and enlarging of the rows of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.degradation.bicubic import resize_matrix
from imgclean.degradation.steps import Outcome, centre, layout

if TYPE_CHECKING:
    from imgclean.degradation.spec import Bicubic


class BicubicStep:
    """Shrinks each row with its context, rounds to 8 bits and enlarges; four matrix products.

    The row begins anywhere within a pixel of the small image. The products are in double where
    the device has it, so that neither autocast nor TF32 changes what is rounded.

    Args:
        spec: the scale.
        side: of the result in pixels.
    """

    on_device = True

    def __init__(self, spec: Bicubic, side: int) -> None:
        self.margin = 4 * spec.scale
        self._scale = spec.scale
        self._matrices = _matrices(spec.scale, side, self.margin)

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        """Return the rows at the scale's resolution, not clipped."""
        shape = 2, image.shape[0]
        phases = torch.randint(self._scale, shape, generator=generator, device=generator.device)
        if needed is None or image.device.type != "cpu":  # choosing rows would wait for a device
            return Outcome(self._resize(image, phases))
        noisy = centre(image, self.margin).contiguous(memory_format=layout(image))
        noisy[needed] = self._resize(image[needed], phases[:, needed])
        return Outcome(noisy)

    def _resize(self, image: torch.Tensor, phases: torch.Tensor) -> torch.Tensor:
        double = torch.float32 if image.device.type == "mps" else torch.float64
        shrink, enlarge = (each.to(image.device, double) for each in self._matrices)
        self._matrices = shrink, enlarge
        down, across = phases
        planes = image.to(double, memory_format=torch.contiguous_format)
        small = shrink[down, None] @ planes @ shrink[across, None].mT
        small = torch.floor(small.clamp(0, 1) * 255 + 0.5) / 255
        return (enlarge[down, None] @ small @ enlarge[across, None].mT).float()


def _matrices(scale: int, side: int, margin: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what shrinks a row with its margin and what enlarges it to the row alone.

    They are parts of those of a long line, one for each place of the row's first pixel within a
    pixel of the small line.

    Returns:
        float64[scale, small, side + 2 margin] and float64[scale, side, small].
    """
    small = -(-(side + scale - 1) // scale) + 4  # two pixels before and behind take part
    start = margin  # in small pixels: far from the mirrored ends
    length = small + 2 * start
    whole_shrink = resize_matrix(scale * length, length, 1 / scale)[start : start + small]
    whole_enlarge = resize_matrix(length, scale * length, scale)[:, start : start + small]
    firsts = [(start + 2) * scale + phase for phase in range(scale)]
    shrink = [whole_shrink[:, first - margin : first + side + margin] for first in firsts]
    enlarge = [whole_enlarge[first : first + side] for first in firsts]
    return torch.from_numpy(np.stack(shrink)), torch.from_numpy(np.stack(enlarge))
