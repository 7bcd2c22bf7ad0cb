"""What is wrapped around a model on its way through the tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.inference.finish import Combine

    TileFunction = Callable[[torch.Tensor], torch.Tensor]


def averaging_orientations(function: TileFunction) -> TileFunction:
    """Return the mean of the function over the eight flips and turns of its input.

    Geometric self-ensemble: Timofte, Rothe, Van Gool, "Seven ways to improve example-based
    single image super resolution", CVPR 2016, Section 3.4.
    """

    def average(x: torch.Tensor) -> torch.Tensor:
        total = torch.zeros((), device=x.device)
        for turns in range(4):
            for mirrored in (False, True):
                turned = torch.rot90(x.flip(3) if mirrored else x, turns, (2, 3))
                result = torch.rot90(function(turned), -turns, (2, 3)).float()
                total = total + (result.flip(3) if mirrored else result)
        return total / 8

    return average


def followed_by(function: TileFunction, combine: Combine) -> TileFunction:
    """Return what each pixel of the function's input and of its output make together."""
    return lambda x: combine(x, function(x).float())
