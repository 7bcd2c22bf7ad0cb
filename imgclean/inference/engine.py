"""Runs a function over an image, tile by tile. The image stays on the CPU; only tiles travel."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.errors import DeviceOutOfMemory, NonFiniteOutput
from imgclean.extension.requests import Raster, Window
from imgclean.inference.tiles import Tile, split, widen

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.images.rasters import Sink

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
        function: float32[1, C, h, w] to float32[1, C', h, w], on `device`.
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
    pending = deque(split(Window(0, 0, width, height), side, alignment))
    while pending:
        output = pending.popleft()
        tile = widen(output, halo, alignment, height, width)
        try:
            clean = _run_tile(function, raster, tile, device)
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            side = _smaller_side(output, alignment, error)
            remaining = [output, *pending]
            pending = deque(part for each in remaining for part in split(each, side, alignment))
            _release_memory(device)
            continue
        sink.write(output, clean)
        on_pixels(output.width * output.height)
    return side


def _run_tile(
    function: Callable[[torch.Tensor], torch.Tensor],
    raster: Raster,
    tile: Tile,
    device: torch.device,
) -> NDArray[np.float32]:
    """Return the tile's output window, float32[C, h, w]."""
    pixels = torch.from_numpy(raster.read(tile.input)).unsqueeze(0)
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    result = function(pixels.to(device, non_blocking=True))
    left, top = tile.output.x - tile.input.x, tile.output.y - tile.input.y
    inner = result[0, :, top : top + tile.output.height, left : left + tile.output.width]
    clean: NDArray[np.float32] = inner.float().cpu().numpy()
    if not is_finite(clean):
        raise NonFiniteOutput("the model returned NaN or infinity")
    return clean


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
