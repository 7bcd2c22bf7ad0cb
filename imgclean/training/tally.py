"""Sums of what steps yield, kept on the device until somebody asks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SQUARED_ERROR = "squared_error"
"""Mean squared error of a step's patches, from which their PSNR follows."""


class Tally:
    """Mean values over the steps since it was last drained."""

    def __init__(self) -> None:
        self._sums: dict[str, torch.Tensor] = {}
        self._counts: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._sums)

    def add(self, values: Mapping[str, torch.Tensor]) -> None:
        """Add a step's values, each of no dimension; the device is not waited for."""
        for name, value in values.items():
            before = self._sums.get(name)
            value = value.detach().double() if value.device.type != "mps" else value.detach()
            self._sums[name] = value.clone() if before is None else before + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def drain(
        self, means: Callable[[Mapping[str, torch.Tensor]], dict[str, float]]
    ) -> dict[str, float]:
        """Return each value's mean over steps, and over processes by `means`; begin again."""
        sums = {name: each / self._counts[name] for name, each in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means(sums)

    def agree(self, means: Callable[[Mapping[str, torch.Tensor]], dict[str, float]]) -> None:
        """Take the mean over processes by `means`, so that any one's sums stand for all."""
        agreed = means(self._sums)
        self._sums = {
            name: torch.tensor(agreed[name], dtype=each.dtype, device=each.device)
            for name, each in self._sums.items()
        }

    def state(self) -> dict[str, tuple[float, int]]:
        """Return the sums and the counts."""
        return {name: (float(each), self._counts[name]) for name, each in self._sums.items()}

    def restore(self, state: Mapping[str, tuple[float, int]], device: torch.device) -> None:
        """Take over what `state` returned."""
        dtype = torch.float32 if device.type == "mps" else torch.float64
        self._sums = {
            name: torch.tensor(each, dtype=dtype, device=device)
            for name, (each, _) in state.items()
        }
        self._counts = {name: count for name, (_, count) in state.items()}


def psnr_of(squared_error: float) -> float:
    """Return the PSNR in dB of a mean squared error of images in [0, 1]; NaN for no number."""
    if not math.isfinite(squared_error):
        return math.nan
    return -10 * math.log10(max(squared_error, 1e-12))
