"""What the network sees in a step: clean patches, their noisy selves, how noisy they are."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import torch

_AHEAD = 4  # batches that are prepared before they are asked for
_STAGE_STRIDE = 100_000_007
_SEED_STRIDE = 1_000_003


def step_seed(seed: int, stage: int, step: int) -> int:
    """Return the seed of all that is drawn at a step."""
    return (seed * _SEED_STRIDE + stage * _STAGE_STRIDE + step) % 2**63


@dataclass(frozen=True, slots=True)
class Batch:
    """Patches of a step on one device.

    Attributes:
        clean, noisy: float32[N, C, size, size], channels last in memory.
        sigma: what a noise-aware network is told, float32[N] in units of [0, 1], or None.
    """

    clean: torch.Tensor
    noisy: torch.Tensor
    sigma: torch.Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Return it on a device; from the CPU to a GPU without waiting for the copy."""
        if self.clean.device == device:
            return self

        def move(tensor: torch.Tensor) -> torch.Tensor:
            pinned = tensor.pin_memory() if device.type == "cuda" else tensor
            return pinned.to(device, non_blocking=True)

        sigma = None if self.sigma is None else move(self.sigma)
        return Batch(move(self.clean), move(self.noisy), sigma)


class DrawBatch(Protocol):
    """Draws patches and makes them noisy."""

    def __call__(self, count: int, generator: torch.Generator, needed: torch.Tensor) -> Batch:
        """Return `count` patches; only rows in `needed`, bool[count], have to be finished.

        A row depends on the generator and on its index alone.
        """


@dataclass(frozen=True, slots=True)
class RowShare:
    """Which rows of a step's whole batch are this process's.

    Attributes:
        rank: of the process, from 0.
        processes: how many there are.
        batch: rows of each.
    """

    rank: int
    processes: int
    batch: int

    @property
    def whole(self) -> int:
        """Rows of all processes."""
        return self.processes * self.batch

    @property
    def rows(self) -> slice:
        """The rows of this one."""
        return slice(self.rank * self.batch, (self.rank + 1) * self.batch)


class Batches:
    """The batches of a stage by step: each depends on seed, stage, step and its rows alone.

    So a resumed run needs no generator's state, and several processes draw what one process with
    a batch as large as theirs together would.

    Args:
        draw: makes a batch on the device of its patches.
        share: this process's rows.
        seed: of the run.
        stage: index of the stage.
        source: the device that `draw` works on.
        device: where the network is.
        ahead: prepare batches in threads before they are asked for: where codecs or a copy to the
            device would make it wait.
    """

    def __init__(
        self,
        draw: DrawBatch,
        share: RowShare,
        *,
        seed: int,
        stage: int,
        source: torch.device,
        device: torch.device,
        ahead: bool,
    ) -> None:
        self._draw = draw
        self._share = share
        self._seed, self._stage = seed, stage
        self._source = source
        self._device = device
        self._pool = ThreadPoolExecutor(2, "batches") if ahead else None
        self._pending: dict[int, Future[Batch]] = {}

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step, on the network's device."""
        if self._pool is None:
            return self._make(step).to(self._device)
        wanted = range(step, step + _AHEAD)
        self._pending = {at: each for at, each in self._pending.items() if at in wanted}
        for at in wanted:
            if at not in self._pending:
                self._pending[at] = self._pool.submit(self._make, at)
        return self._pending.pop(step).result().to(self._device)

    def close(self) -> None:
        """Stop preparing batches."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _make(self, step: int) -> Batch:
        seed = step_seed(self._seed, self._stage, step)
        generator = torch.Generator(self._source).manual_seed(seed)
        needed = torch.zeros(self._share.whole, dtype=torch.bool, device=self._source)
        needed[self._share.rows] = True
        whole = self._draw(self._share.whole, generator, needed)
        if self._share.processes == 1:
            return whole
        rows = self._share.rows
        sigma = None if whole.sigma is None else whole.sigma[rows]
        return Batch(whole.clean[rows], whole.noisy[rows], sigma)
