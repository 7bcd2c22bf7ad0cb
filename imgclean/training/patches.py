"""Random patches of a set of images, drawn on the device in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class PatchSource:
    """All images as one flat tensor of pixels, from which patches are gathered.

    Every position of every image is equally likely, in each of the eight orientations.

    Args:
        images: uint8[H, W, C], each at least `size` pixels high and wide.
        size: side of a patch in pixels.
        device: where the pixels are kept and the patches drawn.
    """

    def __init__(
        self, images: Sequence[NDArray[np.uint8]], size: int, device: torch.device
    ) -> None:
        self._size = size
        self._pixels = torch.from_numpy(
            np.concatenate([image.reshape(-1, image.shape[2]) for image in images])
        ).to(device)
        height, width = torch.tensor([image.shape[:2] for image in images], device=device).T
        self._width = width
        self._columns = width - size + 1
        self._start = torch.cumsum(height * width, 0) - height * width
        self._positions = torch.cumsum((height - size + 1) * self._columns, 0)
        self._ramp = torch.arange(size, device=device)

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Return float32[count, C, size, size] in [0, 1], channels last in memory."""
        top_left, width = self._draw_positions(count, generator)
        rows, columns = self._draw_orientations(count, generator)
        pixels = self._pixels[top_left + rows * width + columns]
        return pixels.permute(0, 3, 1, 2).float().div_(255)

    def _draw_positions(
        self, count: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the first pixel of each patch and its image's width, both int64[count, 1, 1]."""
        total = int(self._positions[-1])
        position = torch.randint(total, (count,), generator=generator, device=generator.device)
        image = torch.searchsorted(self._positions, position, right=True)
        within = position - torch.where(image > 0, self._positions[image - 1], 0)
        columns = self._columns[image]
        width = self._width[image]
        first = self._start[image] + within // columns * width + within % columns
        return first.view(-1, 1, 1), width.view(-1, 1, 1)

    def _draw_orientations(
        self, count: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return each patch's row and column offsets, int64[count, size, size]."""
        flips = torch.randint(2, (3, count, 1, 1), generator=generator, device=generator.device)
        down, across = torch.meshgrid(self._ramp, self._ramp, indexing="ij")
        last = self._size - 1
        rows = torch.where(flips[0] == 1, across, down)
        columns = torch.where(flips[0] == 1, down, across)
        return (
            torch.where(flips[1] == 1, last - rows, rows),
            torch.where(flips[2] == 1, last - columns, columns),
        )
