"""How an image is cut into tiles whose results fit together without a seam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import psutil
import torch

from imgclean.extension.requests import Window
from imgclean.inference.allocator import largest_reused_block

if TYPE_CHECKING:
    from collections.abc import Iterator

TileChoice = int | Literal["auto", "none"]

_CPU_LARGEST_SIDE = 1024
_GPU_LARGEST_SIDE = 2048
_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: what it yields, and what it needs for that.

    Attributes:
        output: the window of the image that the tile computes.
        input: `output` widened by the halo, cut at the image's border.
    """

    output: Window
    input: Window


def tile_side(
    choice: TileChoice, device: torch.device, halo: int, bytes_per_pixel: int
) -> int | None:
    """Return the side of an output tile in pixels, halo excluded, or None for the whole image.

    The larger a tile, the smaller the share of its halo, which is computed twice. What bounds it
    is memory: on a CPU, that a layer's activations are small enough to be used again once they are
    freed, because new memory has to be zeroed first.

    Args:
        choice: as `--tile`.
        device: where tiles are computed.
        halo: pixels of context.
        bytes_per_pixel: what a tile needs while it is computed.
    """
    if choice == "none":
        return None
    if choice != "auto":
        return choice
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        room, largest = free // 4, _GPU_LARGEST_SIDE  # two tiles are under way
    elif device.type == "mps":
        room, largest = psutil.virtual_memory().available // 4, _GPU_LARGEST_SIDE
    else:
        room, largest = 2 * largest_reused_block(), _CPU_LARGEST_SIDE  # a layer's input and output
    widest = min(largest, math.isqrt(room // max(bytes_per_pixel, 1)))
    return max(widest - 2 * halo, 2 * halo, _SMALLEST_SIDE)


def cover(width: int, height: int, side: int | None, halo: int, alignment: int) -> list[Tile]:
    """Return the tiles of an image, row by row, whose inputs are all of one shape.

    A tile at the border, which has less halo, computes more of the image instead. So memory that
    one tile frees fits the next, and whatever is prepared for a shape serves all of them. Only
    where the image's sides are no multiples of the alignment, the last ones are that much smaller.

    Of all shapes with no more pixels than a square tile with its halo it is the one with which the
    least is computed: for a small image strips, which have halos on two sides only.

    Args:
        width, height: of the image.
        side: of a square output tile between others, or None for the whole image as one.
        halo: pixels around an output tile that its values depend on.
        alignment: origins of inputs are multiples of it.
    """
    grids = _grids(width, height, side, halo, alignment)
    columns, rows = min(grids, key=lambda grid: _computed(grid[0]) * _computed(grid[1]))
    return [
        Tile(
            Window(x.output, y.output, x.output_length, y.output_length),
            Window(x.input, y.input, x.input_length, y.input_length),
        )
        for y in rows
        for x in columns
    ]


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


class _Span(NamedTuple):
    """A tile along one axis: where its output and its input begin, and their lengths."""

    output: int
    output_length: int
    input: int
    input_length: int


def _grids(
    width: int, height: int, side: int | None, halo: int, alignment: int
) -> Iterator[tuple[list[_Span], list[_Span]]]:
    """Yield ways to cut an image, as columns and rows, the one with square tiles first."""
    squares = _spans(width, side, halo, alignment)
    yield squares, _spans(height, side, halo, alignment)
    if side is None:
        return
    lost = _lost(halo, alignment)
    most_pixels = _largest_input(side, lost, alignment) ** 2
    for count in range(1, 2 * len(squares) + 1):
        across = max(1, math.ceil((width - lost) / count))
        columns = _spans(width, across, halo, alignment)
        down = most_pixels // columns[0].input_length - lost
        if down >= alignment:
            yield columns, _spans(height, down, halo, alignment)


def _computed(spans: list[_Span]) -> int:
    """Return how long all inputs are together."""
    return sum(span.input_length for span in spans)


def _spans(length: int, side: int | None, halo: int, alignment: int) -> list[_Span]:
    """Cut an axis into the fewest tiles, whose inputs are as short as that allows, and equal."""
    lost = _lost(halo, alignment)
    if side is None or length <= (largest := _largest_input(side, lost, alignment)):
        return [_Span(0, length, 0, length)]
    count = math.ceil((length - lost) / (largest - lost))
    share = (length + (count - 1) * lost) / count
    input_length = math.ceil(share / alignment) * alignment
    last = math.ceil((length - input_length) / alignment) * alignment
    starts = [min(index * (input_length - lost), last) for index in range(count)]
    edges = [0, *(start + halo for start in starts[1:]), length]
    return [
        _Span(edge, after - edge, start, min(input_length, length - start))
        for start, (edge, after) in zip(starts, pairwise(edges), strict=True)
    ]


def _lost(halo: int, alignment: int) -> int:
    """Return how much of each input the halos on both sides take."""
    return math.ceil(2 * halo / alignment) * alignment


def _largest_input(side: int, lost: int, alignment: int) -> int:
    """Return how long the input of an output of that side is, aligned."""
    return max((side + lost) // alignment, lost // alignment + 1) * alignment


def _equal_part(length: int, side: int, alignment: int) -> int:
    """Return the length of a part: all parts alike, rather than a ragged last one."""
    largest = max(alignment, side // alignment * alignment)
    parts = math.ceil(length / largest)
    return math.ceil(math.ceil(length / parts) / alignment) * alignment
