"""TensorBoard's event files, through tensorboardX where it is installed."""

from __future__ import annotations

import struct
import time
import uuid
from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgclean.training.appended_file import AppendedFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from imgclean.training.log_table import Place


def has_tensorboard() -> bool:
    """Tell whether event files can be written: whether tensorboardX can be imported."""
    try:
        import_module("tensorboardX")
    except ImportError:
        return False
    return True


class EventFiles:
    """The event files of a run, a folder for each stage, since steps begin anew with each.

    tensorboardX gives the messages and the checksum. Its writer is not used: it writes on a
    thread, which dies of a full disk and then has the run wait for it without end.

    Args:
        folder: of the stages' folders.
        resume_from: where the run goes on from; later events of an earlier process are hidden.
    """

    def __init__(self, folder: Path, resume_from: Place | None) -> None:
        self._folder = folder
        self._first_step = {}
        if resume_from is not None:
            self._first_step[resume_from.stage] = resume_from.step + 1
        self._files: dict[int, AppendedFile] = {}
        self._name = f"events.out.tfevents.{int(time.time())}.{uuid.uuid4().hex[:12]}"

    def add_scalars(self, stage: int, step: int, values: Mapping[str, float]) -> None:
        """Write a value for each name.

        Raises:
            OSError: the system refuses.
        """
        messages = [{"tag": name, "simple_value": float(each)} for name, each in values.items()]
        self._append(stage, step, messages)

    def add_image(
        self, stage: int, step: int, name: str, png: bytes, shape: tuple[int, int]
    ) -> None:
        """Write an image of that height and width.

        Raises:
            OSError: the system refuses.
        """
        height, width = shape
        image = {"height": height, "width": width, "encoded_image_string": png}
        self._append(stage, step, [{"tag": name, "image": image}])

    def _append(self, stage: int, step: int, values: list[dict[str, Any]]) -> None:
        file = self._files.get(stage)
        if file is None or not file.intact:
            file = self._files[stage] = self._begin(stage)
        file.append(_record(step=step, summary={"value": values}))

    def _begin(self, stage: int) -> AppendedFile:
        """Begin a file, whose first records name the format and what it hides of earlier ones."""
        folder = self._folder / f"stage-{stage}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self._name).touch()
        file = AppendedFile(folder / self._name, 0)
        file.append(
            _record(file_version="brain.Event:2")
            + _record(step=self._first_step.get(stage, 0), session_log={"status": "START"})
        )
        return file


def _record(**fields: Any) -> bytes:
    """Return an event with its length and checksums, as TFRecord has them."""
    event = import_module("tensorboardX.proto.event_pb2").Event
    checksum = import_module("tensorboardX.record_writer").masked_crc32c
    data: bytes = event(wall_time=time.time(), **fields).SerializeToString()
    length = struct.pack("<Q", len(data))
    return b"".join(
        (length, struct.pack("<I", checksum(length)), data, struct.pack("<I", checksum(data)))
    )
