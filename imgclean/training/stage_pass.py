"""The network's way through a step's batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from imgclean.training.batches import step_seed
from imgclean.weightsets.network import takes_clean

if TYPE_CHECKING:
    from imgclean.training.batches import Batch
    from imgclean.training.stage_parts import StageParts
    from imgclean.training.state import StageState

_RANK_STRIDE = 10_000_019


class StagePass:
    """Runs a stage's network; what it draws itself, as dropout does, depends on the step alone.

    Args:
        state: of the stage.
        parts: what it is trained with.
    """

    def __init__(self, state: StageState, parts: StageParts) -> None:
        self._stage = state.stage
        self._parts = parts
        self._shows_clean = takes_clean(state.network)

    def __call__(self, batch: Batch, step: int) -> torch.Tensor:
        """Return what the network makes of the step's batch, float32[N, C, H, W]."""
        seed = step_seed(self._parts.recipe.seed, self._stage, step)
        torch.manual_seed(seed + self._parts.runtime.rank * _RANK_STRIDE)
        clean = {"clean": batch.clean} if self._shows_clean else {}
        return self._parts.module(batch.noisy, batch.sigma, **clean).float()  # type: ignore[no-any-return]
