"""The running mean of the weights, which is what a run yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.optim.swa_utils import AveragedModel

if TYPE_CHECKING:
    from collections.abc import Callable


def running_mean(network: torch.nn.Module, decay: float) -> AveragedModel:
    """Return an exponential mean of a network's weights and buffers.

    Its memory grows from nothing to 1 / (1 - decay) steps, so that a short run has one too.

    Args:
        network: whose weights are averaged.
        decay: weight of the past at each step, at least 0 and below 1.
    """
    return AveragedModel(network, multi_avg_fn=_exponential(decay), use_buffers=True)


def _exponential(decay: float) -> Callable[..., None]:
    @torch.no_grad()
    def update(
        averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor
    ) -> None:
        if not averaged[0].is_floating_point():
            torch._foreach_copy_(averaged, current)
            return
        seen = float(count)
        keep = min(decay, (1 + seen) / (10 + seen))
        torch._foreach_lerp_(averaged, current, 1 - keep)

    return update
