"""The overlapping patches of an image: 26x26 with a stride of 22, and a flush last one.

Section 4.2. Patches are averaged with equal weights where they overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 26
STRIDE = 22


@dataclass(frozen=True, slots=True)
class Lattice:
    """Where the patches of an image lie.

    Attributes:
        height, width: of the image in pixels, each at least `SIDE`.
    """

    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """How many patches there are down and across."""
        return len(_origins(self.height)), len(_origins(self.width))

    def cut(self, image: Tensor) -> Tensor:
        """Return the patches of float[N, C, height, width], float[N rows columns, C, 26, 26]."""
        rows, columns = self.shape
        down, _ = _pixels_of_patches(self.height, image.device)
        across, _ = _pixels_of_patches(self.width, image.device)
        strips = image.index_select(2, down).unflatten(2, (rows, SIDE))
        cut = strips.index_select(4, across).unflatten(4, (columns, SIDE))
        patches: Tensor = cut.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)
        return patches

    def average(self, patches: Tensor) -> Tensor:
        """Return the image whose patches they are, float[N, C, height, width]."""
        rows, columns = self.shape
        down, of_rows = _pixels_of_patches(self.height, patches.device)
        across, of_columns = _pixels_of_patches(self.width, patches.device)
        grid = patches.unflatten(0, (-1, rows, columns)).permute(0, 3, 1, 4, 2, 5)
        strips = grid.new_zeros(*grid.shape[:4], self.width)
        strips = strips.index_add(4, across, grid.flatten(4))
        image = grid.new_zeros(*grid.shape[:2], self.height, self.width)
        image = image.index_add(2, down, strips.flatten(2, 3))
        mean: Tensor = image / (of_rows.view(-1, 1) * of_columns)
        return mean


@lru_cache(maxsize=64)
@torch.inference_mode(mode=False)  # what is kept serves training too
def _pixels_of_patches(length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the pixels along an axis, int64[patches x 26], patch after patch.

    And in how many patches each pixel is, int64[length]. Both are kept, so that a GPU need not be
    waited for.
    """
    pixels = (torch.tensor(_origins(length)).view(-1, 1) + torch.arange(SIDE)).flatten()
    return pixels.to(device), torch.bincount(pixels, minlength=length).to(device)


def filled_up(image: Tensor) -> Tensor:
    """Return an image whose sides are at least a patch's, its last row and column repeated.

    Args:
        image: float[N, C, H, W].
    """
    height, width = image.shape[2:]
    if height >= SIDE and width >= SIDE:
        return image
    missing = (0, max(0, SIDE - width), 0, max(0, SIDE - height))
    return functional.pad(image, missing, mode="replicate")


def _origins(length: int) -> list[int]:
    """Return where the patches along an axis begin."""
    last = length - SIDE
    origins = list(range(0, last + 1, STRIDE))
    return origins if origins[-1] == last else [*origins, last]
