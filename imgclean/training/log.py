"""What a run leaves to look at: `log.csv`, `pictures/`, and event files for TensorBoard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imgclean.atomic import replacing
from imgclean.images.picture import Picture
from imgclean.images.write import encode_image
from imgclean.training.checkpoint import writing_run
from imgclean.training.event_files import EventFiles, has_tensorboard
from imgclean.training.log_table import HEAD_START, LogTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from imgclean.training.log_table import Place

LOG_NAME = "log.csv"
PICTURES_NAME = "pictures"
EVENTS_NAME = "tensorboard"

_LONGEST_NAME = 100


class RunLog:
    """The log of a training run; of several processes that train together, one has it.

    Nothing is written before the first row or picture. A kill at any moment loses at most the
    last row. To be resumed without a gap, a run writes a step's row before its checkpoint.

    Args:
        folder: the run folder.
        resume_from: where the checkpoint that the run goes on from is; rows after it are dropped
            and events after it are hidden. None begins anew.
    """

    def __init__(self, folder: Path, *, resume_from: Place | None = None) -> None:
        self._folder = folder
        with writing_run(folder):
            self._table = LogTable(folder / LOG_NAME, resume_from)
        self._events = EventFiles(folder / EVENTS_NAME, resume_from) if has_tensorboard() else None

    def write(self, row: Mapping[str, float | str]) -> None:
        """Append a row to `log.csv`, and its numbers to the stage's event file.

        Args:
            row: values by column, with `stage` (counted from 0) and `step` (within the stage),
                both integers, among them. A column that no row had yet is added to the table.

        Raises:
            RunUnwritable: the disk is full, say. The row is lost; the next may be written.
        """
        with writing_run(self._folder):
            self._table.add(row)
            if self._events and HEAD_START not in row:
                numbers = {
                    name: each
                    for name, each in row.items()
                    if name not in ("stage", "step") and not isinstance(each, str)
                }
                self._events.add_scalars(int(row["stage"]), int(row["step"]), numbers)

    def picture(self, name: str, step: int, image: NDArray[np.uint8], *, stage: int = 0) -> None:
        """Write `pictures/<step>-<name>.png` and add it to the stage's event file.

        The step has seven digits, so that names sort by it. In a later stage than the first, the
        name begins with `stage-<stage>-`.

        Args:
            name: of the image; characters that file names should not have become `-`.
            step: within the stage.
            image: uint8[H, W, 1] or [H, W, 3].
            stage: counted from 0.

        Raises:
            RunUnwritable: as for `write`.
        """
        name = re.sub(r"[^\w.-]+", "-", name)[:_LONGEST_NAME]
        of_stage = f"stage-{stage}-" if stage else ""
        target = self._folder / PICTURES_NAME / f"{of_stage}{step:07}-{name}.png"
        png = encode_image(Picture(image, alpha=False, format="png"), "png")
        with writing_run(self._folder):
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary:
                temporary.write_bytes(png)
            if self._events:
                self._events.add_image(stage, step, name, png, image.shape[:2])
