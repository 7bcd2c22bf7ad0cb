"""Runs a function over an image, tile by tile. The image stays on the CPU; only tiles travel."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.errors import DeviceOutOfMemory, NonFiniteOutput
from imgclean.inference.lanes import lane_on
from imgclean.inference.tiles import cover, split, widen

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster, Window
    from imgclean.images.rasters import Sink
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
    lane = lane_on(device, function)
    pending = deque(cover(width, height, side, halo, alignment))
    flying: deque[tuple[list[Tile], Callable[[], torch.Tensor]]] = deque()
    while pending or flying:
        group: list[Tile] = []
        try:
            if pending and len(flying) < lane.depth:
                group = _take_alike(pending, lane.most_pixels)
                flying.append((group, lane.start(_read(raster, group))))
                continue
            group, result = flying.popleft()
            clean = result()
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            side = _smaller_side(group[0].output, alignment, error)
            left = [*group, *(tile for each, _ in flying for tile in each), *pending]
            left.sort(key=lambda tile: (tile.output.y, tile.output.x))
            smaller = (part for tile in left for part in split(tile.output, side, alignment))
            pending = deque(widen(part, halo, alignment, height, width) for part in smaller)
            flying.clear()
            lane.most_pixels = 0
            _release_memory(device)
            continue
        for tile, pixels in zip(group, clean, strict=True):
            _write(sink, tile, pixels)
            on_pixels(tile.output.width * tile.output.height)
    return side


def _take_alike(pending: deque[Tile], most_pixels: int) -> list[Tile]:
    """Take the next tile, and those after it that have its shape, up to so many pixels in all."""
    group = [pending.popleft()]
    height, width = group[0].input.height, group[0].input.width
    while pending and (len(group) + 1) * height * width <= most_pixels:
        if (pending[0].input.height, pending[0].input.width) != (height, width):
            break
        group.append(pending.popleft())
    return group


def _read(raster: Raster, tiles: list[Tile]) -> torch.Tensor:
    """Return the inputs of tiles of one shape, float32[N, C, h, w]."""
    windows = [torch.from_numpy(raster.read(tile.input)) for tile in tiles]
    return windows[0].unsqueeze(0) if len(windows) == 1 else torch.stack(windows)


def _write(sink: Sink, tile: Tile, result: torch.Tensor) -> None:
    """Hand on the part of float32[C, h, w] that is the tile's output."""
    left, top = tile.output.x - tile.input.x, tile.output.y - tile.input.y
    inner = result[:, top : top + tile.output.height, left : left + tile.output.width]
    clean: NDArray[np.float32] = inner.numpy()
    if not is_finite(clean):
        raise NonFiniteOutput("the model returned NaN or infinity")
    sink.write(tile.output, clean)


def is_finite(values: NDArray[np.float32]) -> bool:
    """Whether no value of float32[C, h, w] is NaN or infinite."""
    # The sum is far quicker; it is not finite if one value is not, or if it overflows. Not in
    # torch: its threads would wait for each other while the codecs have the cores.
    rows = np.moveaxis(values, 0, 2).reshape(values.shape[1], -1)
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.einsum("ij->", rows))) or bool(np.isfinite(values).all())


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
