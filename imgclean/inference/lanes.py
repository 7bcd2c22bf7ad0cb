"""How tiles get to a device, through a function, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.inference.tile_functions import TileFunction

_PIXELS_AT_ONCE = 1 << 20  # of tiles that go together: enough for a large GPU


class Lane(Protocol):
    """Takes tiles one after the other.

    Attributes:
        depth: how many may be under way.
        most_pixels: tiles of one shape go together up to so many.
    """

    depth: int
    most_pixels: int

    def start(self, pixels: torch.Tensor) -> Callable[[], torch.Tensor]:
        """Send float32[N, C, h, w] off; what is returned waits for float32[N, C', h, w]."""


def lane_on(device: torch.device, function: TileFunction) -> Lane:
    """Return the lane for a function that computes on a device."""
    return Overlapped(device, function) if device.type == "cuda" else Direct(device, function)


class Direct:
    """Computes at once.

    Args:
        device: where.
        function: what.
    """

    depth = 1
    most_pixels = 0

    def __init__(self, device: torch.device, function: TileFunction) -> None:
        self._device = device
        self._function = function

    def start(self, pixels: torch.Tensor) -> Callable[[], torch.Tensor]:
        """Compute float32[N, C', h, w]."""
        x = pixels.contiguous(memory_format=torch.channels_last).to(self._device)
        y = self._function(x).float().cpu()
        return lambda: y


class Overlapped:
    """Copies the next tiles to a GPU and the last ones back while it computes.

    Each of the three has a stream. Memory on the host is pinned, without which a copy waits.

    Args:
        device: a CUDA device.
        function: what to compute, on whatever stream is current.
    """

    depth = 3

    def __init__(self, device: torch.device, function: TileFunction) -> None:
        self.most_pixels = _PIXELS_AT_ONCE
        self._device = device
        self._function = function
        self._up, self._compute, self._down = (torch.cuda.Stream(device) for _ in range(3))

    def start(self, pixels: torch.Tensor) -> Callable[[], torch.Tensor]:
        """Queue the copy, the computation and the copy back."""
        with torch.cuda.stream(self._up):
            pinned = pixels.contiguous(memory_format=torch.channels_last).pin_memory()
            x = pinned.to(self._device, non_blocking=True)
        self._compute.wait_stream(self._up)
        with torch.cuda.stream(self._compute):
            x.record_stream(self._compute)
            y = self._function(x).float()
        self._down.wait_stream(self._compute)
        with torch.cuda.stream(self._down):
            y.record_stream(self._down)
            back = torch.empty(y.shape, dtype=y.dtype, pin_memory=True)
            back.copy_(y, non_blocking=True)
            arrived = torch.cuda.Event()
            arrived.record(self._down)

        def wait() -> torch.Tensor:
            arrived.synchronize()
            return back

        return wait
