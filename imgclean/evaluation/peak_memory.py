"""The most memory that work takes."""

from __future__ import annotations

import threading
from typing import Self

import psutil
import torch

_SECONDS_BETWEEN_LOOKS = 0.002
_MIB = 2**20


class PeakMemory:
    """While active, watches how much more memory is in use than before.

    On CUDA it is what torch has allocated there; elsewhere the process's resident memory, which
    is looked at every 2 ms on a thread of its own: too often for work that is timed.

    Args:
        device: where the work is done.

    Attributes:
        mebibytes: the most, afterwards.
    """

    def __init__(self, device: torch.device) -> None:
        self.mebibytes = 0.0
        self._device = device
        self._process = psutil.Process()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._before = 0
        self._most = 0

    def __enter__(self) -> Self:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            self._before = torch.cuda.memory_allocated(self._device)
        else:
            self._before = self._most = self._process.memory_info().rss
            self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._device.type == "cuda":
            self._most = torch.cuda.max_memory_allocated(self._device)
        else:
            self._over.set()
            self._watcher.join()
            self._look()
        self.mebibytes = (self._most - self._before) / _MIB

    def _watch(self) -> None:
        while not self._over.wait(_SECONDS_BETWEEN_LOOKS):
            self._look()

    def _look(self) -> None:
        self._most = max(self._most, self._process.memory_info().rss)
