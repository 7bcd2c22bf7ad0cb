"""How an image is cut into tiles whose results fit together without a seam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psutil
import torch

from imgclean.extension.requests import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

TileChoice = int | Literal["auto", "none"]

_CPU_SIDE = 512  # halo included: the activations of a 64-map layer stay near the cache
_CUDA_BYTES_PER_PIXEL = 2048  # four float32 activations of 64 maps, twice over
_CUDA_LARGEST_SIDE = 2048


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: what it yields, and what it needs for that.

    Attributes:
        output: the window of the image that the tile computes.
        input: `output` widened by the halo, cut at the image's border.
    """

    output: Window
    input: Window


def tile_side(choice: TileChoice, device: torch.device, halo: int) -> int | None:
    """Return the side of an output tile in pixels, halo excluded, or None for the whole image."""
    if choice == "none":
        return None
    if choice != "auto":
        return choice
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        widest = min(_CUDA_LARGEST_SIDE, math.isqrt(free // 2 // _CUDA_BYTES_PER_PIXEL))
    elif device.type == "mps":
        free = psutil.virtual_memory().available
        widest = min(_CUDA_LARGEST_SIDE // 2, math.isqrt(free // 4 // _CUDA_BYTES_PER_PIXEL))
    else:
        widest = _CPU_SIDE
    return max(widest - 2 * halo, 2 * halo, 64)


def split(window: Window, side: int | None, alignment: int = 1) -> Iterator[Window]:
    """Cut a window into equal parts, row by row, whose sides are at most `side` pixels.

    A part's origin is a multiple of `alignment` from the window's own; where `side` is smaller
    than the alignment, parts have the size of the alignment.
    """
    if side is None:
        yield window
        return
    width = _equal_part(window.width, side, alignment)
    height = _equal_part(window.height, side, alignment)
    for y in range(0, window.height, height):
        for x in range(0, window.width, width):
            yield Window(
                window.x + x,
                window.y + y,
                min(width, window.width - x),
                min(height, window.height - y),
            )


def widen(output: Window, halo: int, alignment: int, height: int, width: int) -> Tile:
    """Return the tile that computes `output` in an image of `height` x `width` pixels."""
    left = max(0, output.x - halo) // alignment * alignment
    top = max(0, output.y - halo) // alignment * alignment
    right = min(width, output.x + output.width + halo)
    bottom = min(height, output.y + output.height + halo)
    return Tile(output, Window(left, top, right - left, bottom - top))


def _equal_part(length: int, side: int, alignment: int) -> int:
    """Return the length of a part: all parts alike, rather than a ragged last one."""
    largest = max(alignment, side // alignment * alignment)
    parts = math.ceil(length / largest)
    return math.ceil(math.ceil(length / parts) / alignment) * alignment
