"""How tiles get to a device, through a function, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.inference.tile_io import TravelFunction

    Results = tuple[torch.Tensor, ...]
    Arrival = Callable[[], Results]

_PIXELS_AT_ONCE = 1 << 20  # of tiles that go together: enough for a large GPU


class Lane(Protocol):
    """Takes tiles one after the other.

    Attributes:
        depth: how many may be under way.
        most_pixels: tiles of one shape go together up to so many.
    """

    depth: int
    most_pixels: int

    def start(self, tiles: torch.Tensor) -> Arrival:
        """Send tiles off; what is returned waits for what comes of them, on the CPU."""


def lane_on(device: torch.device, function: TravelFunction) -> Lane:
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

    def __init__(self, device: torch.device, function: TravelFunction) -> None:
        self._device = device
        self._function = function

    def start(self, tiles: torch.Tensor) -> Arrival:
        """Compute."""
        results = tuple(each.cpu() for each in self._function(tiles.to(self._device)))
        return lambda: results


class Overlapped:
    """Copies the next tiles to a GPU and the last ones back while it computes.

    Each of the three has a stream. Memory on the host is pinned, without which a copy waits.

    Args:
        device: a CUDA device.
        function: what to compute, on whatever stream is current.
    """

    depth = 3

    def __init__(self, device: torch.device, function: TravelFunction) -> None:
        self.most_pixels = _PIXELS_AT_ONCE
        self._device = device
        self._function = function
        self._up, self._compute, self._down = (torch.cuda.Stream(device) for _ in range(3))
        self._compute.wait_stream(torch.cuda.current_stream(device))  # where weights were put there

    def start(self, tiles: torch.Tensor) -> Arrival:
        """Queue the copy, the computation and the copies back."""
        with torch.cuda.stream(self._up):
            x = tiles.pin_memory().to(self._device, non_blocking=True)
        self._compute.wait_stream(self._up)
        with torch.cuda.stream(self._compute):
            x.record_stream(self._compute)
            results = self._function(x)
        self._down.wait_stream(self._compute)
        with torch.cuda.stream(self._down):
            back = tuple(self._start_back(each) for each in results)
            arrived = torch.cuda.Event()
            arrived.record(self._down)

        def wait() -> Results:
            arrived.synchronize()
            return back

        return wait

    def _start_back(self, result: torch.Tensor) -> torch.Tensor:
        result.record_stream(self._down)
        back = torch.empty(result.shape, dtype=result.dtype, pin_memory=True)
        return back.copy_(result, non_blocking=True)
