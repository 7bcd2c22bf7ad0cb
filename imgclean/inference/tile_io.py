"""In which form tiles are read, travel to a device and back, and are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from imgclean.images.rasters import PixelRaster, PixelSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.requests import Raster, Window
    from imgclean.images.rasters import Sink
    from imgclean.inference.tile_functions import TileFunction
    from imgclean.inference.tiles import Tile

    TravelFunction = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


class TileIO(Protocol):
    """The two ends of an image's way through the tiles."""

    def read(self, window: Window) -> torch.Tensor:
        """Return a tile as it travels, on the CPU."""

    def travelling(self, function: TileFunction) -> TravelFunction:
        """Return what tiles, one after the other in a new first axis, go through on the device.

        It returns what is written of each, and whether all of it is finite, bool[N].
        """

    def write(self, tile: Tile, result: torch.Tensor) -> None:
        """Store the part of a result that is the tile's output."""


def tile_io(raster: Raster, sink: Sink) -> TileIO:
    """Return the form that suits an image: its 8-bit samples as they are, or else floats."""
    if isinstance(raster, PixelRaster) and isinstance(sink, PixelSink):
        span = raster.span
        if span.dtype == np.uint8 and span.spans_from_zero and span == sink.span:
            return ByteTiles(raster, sink)
    return FloatTiles(raster, sink)


class FloatTiles:
    """Tiles travel as float32[C, h, w].

    Args:
        raster, sink: the ends.
    """

    def __init__(self, raster: Raster, sink: Sink) -> None:
        self._raster = raster
        self._sink = sink

    def read(self, window: Window) -> torch.Tensor:
        """Return float32[C, h, w]."""
        return torch.from_numpy(self._raster.read(window))

    def travelling(self, function: TileFunction) -> TravelFunction:
        """Return the function in float32[N, C, h, w]."""

        def run(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            y = function(x.contiguous(memory_format=torch.channels_last)).float()
            return y, _finite(y)

        return run

    def write(self, tile: Tile, result: torch.Tensor) -> None:
        """Store float32[C, h, w]."""
        rows, columns = _inner(tile)
        self._sink.write(tile.output, result[:, rows, columns].numpy())


class ByteTiles:
    """Tiles travel as uint8[h, w, C]: a quarter of the bytes, and the device converts them.

    Args:
        raster, sink: the ends; 0 is 0 in the file as for the model.
    """

    def __init__(self, raster: PixelRaster, sink: PixelSink) -> None:
        self._samples = raster.samples
        self._target = sink.target
        self._high = raster.span.high[0]
        self._top = raster.span.top

    def read(self, window: Window) -> torch.Tensor:
        """Return uint8[h, w, C]."""
        samples = self._samples.read(window)  # may be read-only, or upside down
        return torch.from_numpy(np.array(samples, order="C"))

    def travelling(self, function: TileFunction) -> TravelFunction:
        """Return the function in uint8[N, h, w, C], rounded half to even."""

        def run(samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x = samples.permute(0, 3, 1, 2).to(torch.float32) / self._high
            y = function(x).float()
            clean = (y * self._high).clamp_(0, self._top).round_().to(torch.uint8)
            return clean.permute(0, 2, 3, 1).contiguous(), _finite(y)

        return run

    def write(self, tile: Tile, result: torch.Tensor) -> None:
        """Store uint8[h, w, C]."""
        rows, columns = _inner(tile)
        self._target.write(tile.output, result[rows, columns].numpy())


def _finite(y: torch.Tensor) -> torch.Tensor:
    """Return for each of float32[N, C, h, w] whether no value is NaN or infinite."""
    if not y.is_cuda:  # there, asking waits for the device, and this takes no time
        # The sum is far quicker; it is not finite if one value is not, or if it overflows.
        quick = torch.isfinite(y.sum((1, 2, 3)))
        if quick.all():
            return quick
    return torch.isfinite(y).flatten(1).all(1)


def _inner(tile: Tile) -> tuple[slice, slice]:
    """Return the rows and columns of a tile's result that are its output."""
    left, top = tile.output.x - tile.input.x, tile.output.y - tile.input.y
    return slice(top, top + tile.output.height), slice(left, left + tile.output.width)
