"""What a run reports. The core emits events; `cli/` renders them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgclean.events.evaluation import (
    Benched,
    Evaluated,
    EvaluatedFold,
    EvaluatedFolds,
    EvaluatedImage,
    EvaluatedRegions,
)
from imgclean.events.files import (
    Denoised,
    Done,
    Failed,
    FileEvent,
    Note,
    Planned,
    Progressed,
    ReadImages,
    Skipped,
    Summary,
    Warned,
)
from imgclean.events.training import (
    DiscriminatorStep,
    TrainStep,
    TrialBegun,
    Validated,
)

__all__ = [
    "Benched",
    "Denoised",
    "DiscriminatorStep",
    "Done",
    "Emit",
    "Evaluated",
    "EvaluatedFold",
    "EvaluatedFolds",
    "EvaluatedImage",
    "EvaluatedRegions",
    "Failed",
    "FileEvent",
    "Note",
    "Planned",
    "Progressed",
    "ReadImages",
    "Skipped",
    "Summary",
    "TrainStep",
    "TrialBegun",
    "Validated",
    "Warned",
    "ignore",
]

Emit = Callable[[Any], None]
"""Where a run sends its events."""


def ignore(_: object) -> None:
    """Send events nowhere."""
