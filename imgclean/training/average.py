"""The running mean of the weights, which is what a run yields."""

from __future__ import annotations

import copy
from typing import Any

import torch


class RunningMean:
    """An exponential mean of a network's weights and buffers.

    Its memory grows from nothing to 1 / (1 - decay) steps, so that a short run has one too. Unlike
    torch's AveragedModel it counts on the CPU: a GPU is not waited for at every step.

    Args:
        network: whose weights are averaged.
        decay: weight of the past at each step, at least 0 and below 1.

    Attributes:
        module: a network of its own with the mean weights.
    """

    def __init__(self, network: torch.nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(network)
        self._decay = decay
        self._count = 0

    @torch.no_grad()
    def update(self, network: torch.nn.Module) -> None:
        """Take the weights after a step into the mean."""
        mean, new = self.module.state_dict(), network.state_dict()
        floating = [name for name, each in new.items() if each.is_floating_point()]
        for name in new.keys() - floating:
            mean[name].copy_(new[name])
        keep = min(self._decay, (1 + self._count) / (10 + self._count)) if self._count else 0.0
        torch._foreach_lerp_(
            [mean[name] for name in floating], [new[name] for name in floating], 1 - keep
        )
        self._count += 1

    def state_dict(self) -> dict[str, Any]:
        """Return the mean and how many steps it is of."""
        return {"module": self.module.state_dict(), "count": self._count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.module.load_state_dict(state["module"])
        self._count = state["count"]
