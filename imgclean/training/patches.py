"""Random patches of a set of images, drawn on the device in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SIXTEEN_BITS = 65535


class Pixels:
    """The pixels of all images as one flat tensor, in 8 bits, or in 16 where an image has more.

    Args:
        images: uint8 or uint16[H, W, C] each, where the type's largest value is 1.
        device: where the pixels are kept.
    """

    def __init__(
        self, images: Sequence[NDArray[np.uint8] | NDArray[np.uint16]], device: torch.device
    ) -> None:
        joined = _joined(images)
        self.top = int(np.iinfo(joined.dtype).max)
        self.values = torch.from_numpy(joined.view(_stored(joined.dtype))).to(device)
        self.sizes = torch.tensor([image.shape[:2] for image in images], device=device)

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.values.device

    def __len__(self) -> int:
        return len(self.values)


class PatchSource:
    """Random patches; every position of every image is equally likely.

    Args:
        pixels: of images that are each at least `size` pixels high and wide.
        size: side of a patch in pixels.
        flips, turns: which orientations are drawn; with both, all eight are equally likely.
    """

    def __init__(
        self, pixels: Pixels, size: int, *, flips: bool = True, turns: bool = True
    ) -> None:
        self._size = size
        self._flips, self._turns = flips, turns
        self._pixels, self._top = pixels.values, pixels.top
        height, width = pixels.sizes.T
        self._width = width
        self._columns = width - size + 1
        self._start = torch.cumsum(height * width, 0) - height * width
        self._positions = torch.cumsum((height - size + 1) * self._columns, 0)
        self._total = int(self._positions[-1])
        self._ramp = torch.arange(size, device=pixels.device)

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Return float32[count, C, size, size] in [0, 1], channels last in memory."""
        top_left, width = self._draw_positions(count, generator)
        rows, columns = self._draw_orientations(count, generator)
        pixels = self._pixels[top_left + rows * width + columns].permute(0, 3, 1, 2)
        if self._top == _SIXTEEN_BITS:  # torch has hardly any operation on uint16
            pixels = pixels.int() & _SIXTEEN_BITS
        return pixels.float().div_(self._top)

    def _draw_positions(
        self, count: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the first pixel of each patch and its image's width, both int64[count, 1, 1]."""
        position = torch.randint(
            self._total, (count,), generator=generator, device=generator.device
        )
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
        drawn = torch.randint(2, (3, count, 1, 1), generator=generator, device=generator.device) > 0
        down, across = torch.meshgrid(self._ramp, self._ramp, indexing="ij")
        rows, columns = down.expand(count, -1, -1), across.expand(count, -1, -1)
        if self._turns:
            rows, columns = (
                torch.where(drawn[0], columns, rows),
                torch.where(drawn[0], rows, columns),
            )
        if self._flips:
            last = self._size - 1
            rows = torch.where(drawn[1], last - rows, rows)
            columns = torch.where(drawn[2], last - columns, columns)
        return rows, columns


def _joined(
    images: Sequence[NDArray[np.uint8] | NDArray[np.uint16]],
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Return all pixels [N, C] in the deepest image's type."""
    deep = any(image.dtype == np.uint16 for image in images)
    total = sum(image.shape[0] * image.shape[1] for image in images)
    pixels = np.empty((total, images[0].shape[2]), np.uint16 if deep else np.uint8)
    end = 0
    for image in images:
        start, end = end, end + image.shape[0] * image.shape[1]
        pixels[start:end] = image.reshape(-1, image.shape[2])
        if deep and image.dtype == np.uint8:
            pixels[start:end] *= 257
    return pixels


def _stored(dtype: np.dtype[np.generic]) -> type[np.generic]:
    return np.int16 if dtype == np.uint16 else np.uint8
