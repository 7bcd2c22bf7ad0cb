"""Compression of the rows of a batch, by a codec that works on bytes on the CPU."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.degradation.steps import Outcome, needed_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.degradation.base import Levels
    from imgclean.degradation.compressed import Compressed

_GRID = 16
"""Side of JPEG's largest unit: two blocks, where colour is kept at half the resolution."""


class CodecStep:
    """Compresses a window around each row at a level of its own.

    The window begins anywhere within a unit of JPEG's grid before the row, so that the row lies
    anywhere on the grid, and every unit that the row has a part in is whole.

    Args:
        levels: of the codec.
        draw: the law of the levels.
        compress: uint8[H, W, C] at a level.
        side: of the result in pixels.
        margin: pixels around a row that are compressed with it, at least a unit.
    """

    on_device = False

    def __init__(
        self,
        levels: Levels,
        draw: Callable[[Levels, torch.Tensor], torch.Tensor],
        compress: Callable[[NDArray[np.uint8], float], Compressed],
        side: int,
        margin: int = _GRID,
    ) -> None:
        self.margin = margin
        self._levels = levels
        self._draw = draw
        self._compress = compress
        self._side = side

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        """Return the rows after compression of their clipped and rounded values."""
        count, channels = image.shape[:2]
        shares = torch.rand((3, count), generator=generator)
        levels = self._draw(self._levels, shares[0]).tolist()
        offsets = (shares[1:] * _GRID).int().T.tolist()
        pixels = image.mul(255).round_().clamp_(0, 255).byte().permute(0, 2, 3, 1).numpy()
        output = np.zeros((count, self._side, self._side, channels), np.uint8)

        def compress(row: int) -> None:
            top, left = offsets[row]
            window = np.ascontiguousarray(pixels[row, top:, left:])
            decoded = self._compress(window, levels[row]).pixels
            down, across = self.margin - top, self.margin - left
            output[row] = decoded[down : down + self._side, across : across + self._side]

        for _ in _threads().map(compress, needed_rows(count, needed)):
            pass
        return Outcome(torch.from_numpy(output).permute(0, 3, 1, 2).float().div_(255))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="codec")
