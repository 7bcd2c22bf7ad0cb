"""A stage's rows in the run's log; that it cannot be written ends no run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from imgclean.errors import RunUnwritable
from imgclean.events import Warned
from imgclean.training.log import RunLog
from imgclean.training.log_table import HEAD_START
from imgclean.training.tally import SQUARED_ERROR, psnr_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from imgclean.events import Emit
    from imgclean.training.inspection import Figures
    from imgclean.training.log_table import Place


class StageLog:
    """Writes what a stage reports.

    Args:
        folder: the run folder, or None for a process that writes nothing.
        stage: index of the stage.
        place: where the stage goes on; later rows of it are dropped. None begins the log anew.
        emit: gets a warning when the log cannot be written, once.
    """

    def __init__(self, folder: Path | None, stage: int, place: Place | None, emit: Emit) -> None:
        self._folder = folder
        self._stage = stage
        self._emit = emit
        self._warned = False
        self._log: RunLog | None = None
        self._open(place)

    def row(
        self, step: int, seconds: float, share: float, rate: float, means: Mapping[str, float]
    ) -> None:
        """Write the means since the row before."""
        psnr = psnr_of(means[SQUARED_ERROR])
        others = {name: value for name, value in means.items() if name != SQUARED_ERROR}
        self._write(
            {
                "stage": self._stage,
                "step": step,
                "seconds": round(seconds, 3),
                "share": share,
                "rate": rate,
                "psnr": psnr,
                **others,
            }
        )

    def measurement(
        self, step: int, figures: Figures | None, pictures: Mapping[str, NDArray[np.uint8]]
    ) -> None:
        """Write what was measured, if that counts, and pictures."""
        if figures is not None:
            self._write({"stage": self._stage, "step": step, **figures.columns()})
        for name, picture in pictures.items():
            self._try(
                partial(RunLog.picture, name=name, step=step, image=picture, stage=self._stage)
            )

    def head_start(self, step: int, means: Mapping[str, float]) -> None:
        """Write how a discriminator that learns alone has done since the row before."""
        self._write({"stage": self._stage, "step": 0, HEAD_START: step, **means})

    def go_back(self, place: Place) -> None:
        """Drop what was written after a place in this stage."""
        self._open(place)

    def _open(self, place: Place | None) -> None:
        if self._folder is None:
            return
        try:
            self._log = RunLog(self._folder, resume_from=place)
        except RunUnwritable as error:
            self._warn(error)

    def _write(self, row: Mapping[str, float | int | str]) -> None:
        self._try(lambda log: log.write(row))

    def _try(self, action: Callable[[RunLog], None]) -> None:
        if self._log is None:
            return
        try:
            action(self._log)
        except RunUnwritable as error:
            self._warn(error)

    def _warn(self, error: RunUnwritable) -> None:
        if not self._warned:
            self._warned = True
            self._emit(Warned(error=type(error).__name__, message=f"no log: {error}"))
