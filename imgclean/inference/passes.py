"""The passes of which a plugin makes its own way through an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from imgclean.inference.float_store import FloatStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster, Window
    from imgclean.images.rasters import Sink
    from imgclean.inference.tile_functions import TileFunction


class RunPass(Protocol):
    """Runs a function over the tiles of an image."""

    def __call__(
        self,
        function: TileFunction,
        raster: Raster,
        sink: Sink,
        on_pixels: Callable[[int], None],
        halo: int,
        alignment: int,
    ) -> None:
        """Compute every tile of `raster` into `sink`."""


class Passes:
    """What `run_tiles`, `mean_over_tiles` and `advance` of a `DenoiseRequest` do.

    Args:
        run: computes a pass.
        pixels: of the image.
        on_pixels: told how many pixels of the image are finished, of which each pass finishes its
            share; may raise to stop.
    """

    def __init__(self, run: RunPass, pixels: int, on_pixels: Callable[[int], None]) -> None:
        self._run = run
        self._pixels = pixels
        self._on_pixels = on_pixels
        self._finished = 0.0
        self._told = 0

    def run_tiles(
        self,
        function: TileFunction,
        raster: Raster,
        halo: int,
        alignment: int = 1,
        *,
        share: float = 1.0,
    ) -> Pass:
        """Return a pass, which is computed when it is read, or goes straight to its sink."""

        def run(sink: Sink) -> None:
            self._run(function, raster, sink, self._counting(share), halo, alignment)

        return Pass(run, raster.shape[1:])

    def mean_over_tiles(
        self,
        function: TileFunction,
        raster: Raster,
        halo: int,
        alignment: int = 1,
        *,
        share: float = 1.0,
    ) -> NDArray[np.float64]:
        """Return the mean of each channel over the image that a pass computes, float64[C]."""
        sums = _Sums()
        self._run(function, raster, sums, self._counting(share), halo, alignment)
        return sums.total / (raster.shape[1] * raster.shape[2])

    def advance(self, share: float) -> None:
        """Count work that is done in no pass, as a share of all."""
        self._finished += self._pixels * share
        whole = round(self._finished) - self._told
        self._told += whole
        self._on_pixels(whole)

    def _counting(self, share: float) -> Callable[[int], None]:
        return lambda pixels: self.advance(share * pixels / self._pixels)


class Pass:
    """The image that a pass computes, as a raster; nothing is computed before it is needed.

    Args:
        run: computes it into a sink.
        size: height and width.
    """

    def __init__(self, run: Callable[[Sink], None], size: tuple[int, int]) -> None:
        self._run: Callable[[Sink], None] | None = run
        self._size = size
        self._computed: Raster | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width; only computing it shows how many channels there are."""
        return self._raster().shape

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w]."""
        return self._raster().read(window)

    def compute_into(self, sink: Sink) -> bool:
        """Compute it into a sink, without keeping it; return False if it is here already."""
        if self._run is None:
            return False
        self._run(sink)
        return True

    def _raster(self) -> Raster:
        if self._computed is None:
            assert self._run is not None  # noqa: S101 - for the type
            store = FloatStore(*self._size)
            self._run(store)
            self._computed = store.raster()
            self._run = None  # and with it the image that it was computed from
        return self._computed


class _Sums:
    """A sink that keeps each channel's sum."""

    def __init__(self) -> None:
        self.total: NDArray[np.float64] = np.zeros(())

    def write(self, window: Window, values: NDArray[np.float32]) -> None:  # noqa: ARG002
        self.total = self.total + values.sum(axis=(1, 2), dtype=np.float64)
