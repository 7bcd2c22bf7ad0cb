"""How fast something computes, and how fast its device could."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, TypeVar

import torch

from imgclean.inference.device import DTYPES, synchronise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imgclean.extension.model_info import Precision

_Name = TypeVar("_Name")

_SIDES = {"cpu": 2048, "cuda": 8192}  # a GPU needs more work to be busy
_OTHER_SIDE = 4096
_PRODUCTS = {"cpu": 2, "cuda": 8}  # one is so short that what else runs may pass it by


class MatrixProduct:
    """The product of two square matrices, in which a device comes nearest to its best rate.

    Args:
        device: where it is computed.
        precision: of the factors.
    """

    def __init__(self, device: torch.device, precision: Precision) -> None:
        self._device = device
        self._side = _SIDES.get(device.type, _OTHER_SIDE)
        self._count = _PRODUCTS.get(device.type, 1)
        shape = self._side, self._side
        self._left, self._right = (
            torch.randn(shape, device=device).to(DTYPES[precision]) for _ in range(2)
        )
        self._product = torch.empty_like(self._left)

    def rate(self) -> float:
        """Return the GFLOP/s that it reaches now."""
        seconds = seconds_of(self._multiply, self._device)
        return 2 * self._side**3 * self._count / seconds / 1e9

    def _multiply(self) -> None:
        for _ in range(self._count):
            torch.mm(self._left, self._right, out=self._product)


def seconds_of(function: Callable[[], object], device: torch.device) -> float:
    """Return how long a function takes, what it leaves to the device included."""
    synchronise(device)
    started = time.perf_counter()
    function()
    synchronise(device)
    return time.perf_counter() - started


def medians_by_turns(
    measurements: Mapping[_Name, Callable[[], float]],
    rounds: int,
    on_round: Callable[[], None] = lambda: None,
    *,
    warm_up: int = 1,
) -> dict[_Name, float]:
    """Return the median of each measurement, all of them taking turns in each round.

    So a machine that slows down meanwhile slows them all.

    Args:
        measurements: functions that return one figure, such as `MatrixProduct.rate`.
        rounds: how often each is called.
        on_round: told of each round, also of the first ones that do not count.
        warm_up: how many these are.
    """
    figures: dict[_Name, list[float]] = {name: [] for name in measurements}
    for number in range(warm_up + rounds):
        for name, measure in measurements.items():
            figure = measure()
            if number >= warm_up:
                figures[name].append(figure)
        on_round()
    return {name: statistics.median(each) for name, each in figures.items()}


def milliseconds_per_megapixel(seconds: float, pixels: int) -> float:
    """Return what a million pixels would take, if so many pixels take so many seconds."""
    return seconds * 1e3 / (pixels / 1e6)


def rate_of(multiplications_per_pixel: float, pixels: int, seconds: float) -> float:
    """Return the GFLOP/s that a network reached: two operations for each multiplication."""
    return 2 * multiplications_per_pixel * pixels / seconds / 1e9
