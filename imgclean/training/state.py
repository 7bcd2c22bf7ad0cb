"""What changes while a stage is trained, and how it becomes a checkpoint and comes back."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import torch

from imgclean.training.checkpoint import Checkpoint
from imgclean.training.log_table import Place
from imgclean.training.plateau import PlateauState
from imgclean.training.standing import Standing
from imgclean.training.tally import Tally

if TYPE_CHECKING:
    from imgclean.training.adversary import Adversary
    from imgclean.training.average import RunningMean


@dataclass(slots=True, kw_only=True)
class StageState:
    """A stage under way.

    Attributes:
        stage: its index.
        network: the weights, as they are trained.
        average: their running mean.
        optimisers: of the weights that are not frozen.
        adversary: the discriminator, or None.
        ahead: batches that the discriminator was shown alone, before the first step.
        ahead_seconds: time spent on that.
        step: steps taken.
        seconds: time spent in the loop.
        row: sums since the latest row of the log.
        rate_scale: share of the recipe's rates that is left after setbacks.
        setbacks: how often the loss was no number.
        plateau: what the schedule `plateau` remembers.
        standing: where it began and what was best, by what is measured on the way.
    """

    stage: int
    network: torch.nn.Module
    average: RunningMean
    optimisers: list[torch.optim.Optimizer]
    adversary: Adversary | None
    ahead: int = 0
    ahead_seconds: float = 0.0
    step: int = 0
    seconds: float = 0.0
    row: Tally = field(default_factory=Tally)
    rate_scale: float = 1.0
    setbacks: int = 0
    plateau: PlateauState = field(default_factory=PlateauState)
    standing: Standing = field(default_factory=Standing)

    def checkpoint(self) -> Checkpoint:
        """Return the state; its tensors are those that go on changing."""
        return Checkpoint(
            stage=self.stage,
            ahead=self.ahead,
            ahead_seconds=self.ahead_seconds,
            step=self.step,
            seconds=self.seconds,
            network=self.network.state_dict(),
            average=self.average.state_dict(),
            optimisers=[each.state_dict() for each in self.optimisers],
            adversary=self.adversary.state_dict() if self.adversary else None,
            tally=self.row.state(),
            rate_scale=self.rate_scale,
            setbacks=self.setbacks,
            plateau=astuple(self.plateau),
            standing=self.standing.state(),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take over a checkpoint of this stage."""
        self.network.load_state_dict(checkpoint.network)
        self.average.load_state_dict(checkpoint.average)
        for optimiser, state in zip(self.optimisers, checkpoint.optimisers, strict=True):
            optimiser.load_state_dict(state)
        if self.adversary and checkpoint.adversary:
            self.adversary.load_state_dict(checkpoint.adversary)
        self.ahead = checkpoint.ahead
        self.ahead_seconds = checkpoint.ahead_seconds
        self.step = checkpoint.step
        self.seconds = checkpoint.seconds
        self.rate_scale = checkpoint.rate_scale
        self.setbacks = checkpoint.setbacks
        self.plateau = PlateauState(*checkpoint.plateau)
        standing = Standing.restored(checkpoint.standing)
        if standing.measured_with == self.standing.measured_with:
            self.standing = standing
        self.row.restore(checkpoint.tally, next(self.network.parameters()).device)

    def place(self) -> Place:
        """Return where in the run it is."""
        begun = self.step or self.standing.start is not None
        return Place(self.stage, self.step) if begun else Place(self.stage, 0, self.ahead)

    def is_finite(self) -> bool:
        """Whether every weight is a number."""
        largest = torch._foreach_norm(list(self.network.parameters()), float("inf"))
        return bool(torch.isfinite(torch.stack(list(largest))).all())


def copied(checkpoint: Checkpoint) -> Checkpoint:
    """Return a copy on the CPU, which does not change when training goes on."""
    return replace(
        checkpoint,
        **{each.name: _on_the_cpu(getattr(checkpoint, each.name)) for each in fields(checkpoint)},
    )


def _on_the_cpu(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _on_the_cpu(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_on_the_cpu(each) for each in value]
    return value
