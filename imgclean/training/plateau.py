"""Notices when a run has stopped getting better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgclean.training.schedule import Plateau


@dataclass(slots=True)
class PlateauState:
    """What the schedule `plateau` remembers.

    Attributes:
        factor: share of the peak rate that is left.
        best: the best PSNR so far, or None.
        waited: measurements since then.
    """

    factor: float = 1.0
    best: float | None = None
    waited: int = 0

    def observe(self, psnr: float, schedule: Plateau) -> bool:
        """Take a new validation PSNR in dB; return whether the rate has fallen because of it."""
        if self.best is None or psnr > self.best + schedule.gain:
            self.best, self.waited = psnr, 0
            return False
        self.waited += 1
        if self.waited < schedule.patience:
            return False
        self.factor *= schedule.factor
        self.waited = 0
        return True
