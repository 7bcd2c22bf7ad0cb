"""What a stage is trained with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from imgclean.events import Emit
    from imgclean.training.batches import Batches
    from imgclean.training.budget import StageBudget
    from imgclean.training.inspection import Inspection
    from imgclean.training.losses.objective import Objective
    from imgclean.training.recipe import Recipe
    from imgclean.training.runtime import Runtime
    from imgclean.training.stage_log import StageLog


@dataclass(frozen=True, slots=True, kw_only=True)
class StageParts:
    """What does not change while a stage is trained.

    Attributes:
        name: of the stage; empty where the run has only one.
        recipe: that of the stage.
        budget: its part of the run's.
        runtime: devices and processes.
        module: the network, prepared by the runtime.
        batches: what the network sees.
        objective: the loss.
        inspection: what is measured on the way.
        log: the run folder's log, which only the leading process writes.
        checkpoint: path of the checkpoint.
        begun: whether the network was trained before, so that there is a beginning to measure.
        emit: gets `TrainStep`, `Validated`, `Warned` and `Note` events.
    """

    name: str
    recipe: Recipe
    budget: StageBudget
    runtime: Runtime
    module: torch.nn.Module
    batches: Batches
    objective: Objective
    inspection: Inspection
    log: StageLog
    checkpoint: Path
    begun: bool
    emit: Emit
