"""How a stage stands: where it began, and the best that it has made so far."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from imgclean.training.inspection import Figures
    from imgclean.training.recipe_tables import Keep

LARGEST_FALL = 1.0
"""dB below its beginning from which a stage counts as spoilt."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best weights of a stage.

    Attributes:
        step: after which they were measured.
        psnr: mean of what was measured, in dB.
        merit: by which they are the best; the higher, the better.
        weights: their state dict, on the CPU.
    """

    step: int
    psnr: float
    merit: float
    weights: dict[str, torch.Tensor]


@dataclass(slots=True)
class Standing:
    """What a stage knows of its measurements.

    Attributes:
        start: PSNR in dB with which it began, or None.
        fallen: whether the latest measurement was below that by `LARGEST_FALL` or more.
        best: or None, where nothing was measured or the last weights are its result.
        measured_with: the recipe's validation; what was measured with another cannot be compared.
    """

    start: float | None = None
    fallen: bool = False
    best: Best | None = None
    measured_with: str = ""

    def observe(
        self, step: int, figures: Figures, weights: Mapping[str, torch.Tensor], keep: Keep
    ) -> None:
        """Take a measurement.

        With `psnr` the weights of the highest mean PSNR are the best; with `blur` those whose
        images are most nearly as blurred as the clean ones, among those that have not fallen.

        Args:
            step: of the stage; at 0 it is where the stage begins.
            figures: what was measured.
            weights: that were measured; copied where they are the best.
            keep: the recipe's.
        """
        if not math.isfinite(figures.psnr):
            return
        if not step:
            self.start = figures.psnr
        self.fallen = self.start is not None and figures.psnr <= self.start - LARGEST_FALL
        merit = _merit(figures, keep)
        if merit is None or (keep == "blur" and self.fallen):
            return
        if self.best is None or merit > self.best.merit:
            copies = {name: each.detach().to("cpu", copy=True) for name, each in weights.items()}
            self.best = Best(step, figures.psnr, merit, copies)

    def state(self) -> dict[str, Any]:
        """Return it for a checkpoint."""
        best = self.best
        fields = {"step": best.step, "psnr": best.psnr, "merit": best.merit} if best else None
        return {
            "start": self.start,
            "fallen": self.fallen,
            "best": fields,
            "weights": best.weights if best else None,
            "measured_with": self.measured_with,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Standing:
        """Return what `state` was of."""
        best = Best(**state["best"], weights=state["weights"]) if state["best"] else None
        return cls(state["start"], state["fallen"], best, state["measured_with"])


def _merit(figures: Figures, keep: Keep) -> float | None:
    if keep == "blur":
        return None if figures.blur is None else -abs(figures.blur)
    return figures.psnr if keep == "psnr" else None
