"""Runs a function over an image, tile by tile. The image stays on the CPU; only tiles travel."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from imgclean.errors import DeviceOutOfMemory, NonFiniteOutput
from imgclean.inference.lanes import lane_on
from imgclean.inference.tile_io import tile_io
from imgclean.inference.tiles import cover, split, widen

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.requests import Raster, Window
    from imgclean.images.rasters import Sink
    from imgclean.inference.lanes import Arrival, Lane
    from imgclean.inference.tile_io import TileIO
    from imgclean.inference.tiles import Tile

_SMALLEST_SIDE = 32
_OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")


def run_tiles(
    function: Callable[[torch.Tensor], torch.Tensor],
    raster: Raster,
    sink: Sink,
    *,
    halo: int,
    alignment: int,
    side: int | None,
    device: torch.device,
    on_pixels: Callable[[int], None],
) -> int | None:
    """Compute every tile of `raster` into `sink`.

    Each output pixel is computed with at least `halo` pixels of true context on every side, or
    up to the image's border, so that the result does not depend on the tile size. Where the
    device runs out of memory, tiles become smaller and the run goes on.

    Args:
        function: float32[N, C, h, w] to float[N, C', h, w], on `device`.
        raster: the input.
        sink: gets float32[C', h, w] windows that cover the image once.
        halo: pixels of context.
        alignment: tile origins are multiples of it.
        side: side of an output tile, or None for the whole image at once.
        device: where `function` runs.
        on_pixels: told how many pixels each finished tile had; may raise to stop.

    Returns:
        The side that fitted.

    Raises:
        NonFiniteOutput: `function` returned NaN or infinity.
        DeviceOutOfMemory: not even the smallest tile fits.
    """
    _, height, width = raster.shape
    ends = tile_io(raster, sink)
    lane = lane_on(device, ends.travelling(function))
    pending = deque(cover(width, height, side, halo, alignment))
    flying: deque[_Group] = deque()
    while pending or flying:
        try:
            tiles, (results, finite) = _advance(pending, flying, lane, ends)
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            left = [*(tile for group in flying for tile in group.tiles), *pending]
            if not lane.most_pixels:  # not even a single one fits
                side = _smaller_side(left[0].output, alignment, error)
                parts = (part for tile in left for part in split(tile.output, side, alignment))
                left = [widen(part, halo, alignment, height, width) for part in parts]
            pending, lane.most_pixels = deque(left), 0
            flying.clear()
            _release_memory(device)
            continue
        if not finite.all():
            raise NonFiniteOutput("the model returned NaN or infinity")
        for tile, result in zip(tiles, results, strict=True):
            ends.write(tile, result)
            on_pixels(tile.output.width * tile.output.height)
    return side


@dataclass(slots=True)
class _Group:
    """Tiles that go together, and what waits for their results."""

    tiles: list[Tile]
    arrival: Arrival | None = None


def _advance(
    pending: deque[Tile], flying: deque[_Group], lane: Lane, ends: TileIO
) -> tuple[list[Tile], tuple[torch.Tensor, ...]]:
    """Send off as many tiles as may be under way, and return the first ones with their results."""
    while pending and len(flying) < lane.depth:
        group = _Group(_take_alike(pending, lane.most_pixels))
        flying.append(group)
        group.arrival = lane.start(torch.stack([ends.read(tile.input) for tile in group.tiles]))
    arrival = flying[0].arrival
    assert arrival is not None  # noqa: S101 - it was sent off above
    results = arrival()
    return flying.popleft().tiles, results


def _take_alike(pending: deque[Tile], most_pixels: int) -> list[Tile]:
    """Take the next tile, and those after it that have its shape, up to so many pixels in all."""
    group = [pending.popleft()]
    height, width = group[0].input.height, group[0].input.width
    while pending and (len(group) + 1) * height * width <= most_pixels:
        if (pending[0].input.height, pending[0].input.width) != (height, width):
            break
        group.append(pending.popleft())
    return group


def _smaller_side(output: Window, alignment: int, error: Exception) -> int:
    side = max(output.width, output.height) // 2
    if side < max(_SMALLEST_SIDE, alignment):
        raise DeviceOutOfMemory(
            "there is too little memory even for the smallest tile",
            hint="close other programs, or use --device cpu",
        ) from error
    return side


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return any(text in str(error).lower() for text in _OUT_OF_MEMORY)


def _release_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
