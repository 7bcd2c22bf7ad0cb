"""`log.csv`: a table that gains rows, and now and then a column."""

from __future__ import annotations

import csv
import math
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from imgclean.atomic import replacing
from imgclean.training.appended_file import AppendedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

COLUMNS = ("stage", "step", "seconds", "share", "rate", "loss", "psnr")
"""The first columns of every log; others follow in the order in which they come."""

HEAD_START = "discriminator_step"
"""The column of rows of a discriminator that learns alone, whose `step` is 0."""

_Row = dict[str, str]


class Place(NamedTuple):
    """Where in a run a row of its log comes.

    Attributes:
        stage, step: counted from 0, and within the stage.
        alone: of rows before the first step, batches that the discriminator was shown alone;
            all other rows of that step come after them.
    """

    stage: int
    step: int
    alone: float = math.inf


class LogTable:
    """Rows of a run, in a file that can be read at any moment.

    Args:
        path: the file; it is first written with the first row.
        resume_from: the last row to keep of what is there; None for none.
    """

    def __init__(self, path: Path, resume_from: Place | None) -> None:
        self._path = path
        self._file: AppendedFile | None = None
        self._kept = []
        if resume_from is not None:
            self._kept = [each for each in _read(path) if _place(each) <= resume_from]
        used = dict.fromkeys(name for row in self._kept for name in row)
        self._columns = [*COLUMNS, *(name for name in used if name not in COLUMNS)]

    def add(self, row: Mapping[str, float | str]) -> None:
        """Append a row; one with a new column has the file replaced by a wider one.

        Raises:
            OSError: the system refuses; the row is lost.
        """
        cells = {name: " ".join(str(value).splitlines()) for name, value in row.items()}
        columns = [*self._columns, *(name for name in cells if name not in self._columns)]
        if self._file is not None and self._file.intact and columns == self._columns:
            self._file.append(_render(columns, [cells]))
            return
        earlier = self._kept if self._file is None else _read(self._path)
        content = _render(columns, [dict(zip(columns, columns, strict=True)), *earlier, cells])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self._path) as temporary:
            temporary.write_bytes(content)
        self._file = AppendedFile(self._path, len(content))
        self._columns = columns
        self._kept = []


def _render(columns: list[str], rows: Iterable[_Row]) -> bytes:
    text = StringIO()
    csv.DictWriter(text, columns, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _place(row: _Row) -> Place:
    alone = row.get(HEAD_START, "")
    place = Place(int(row["stage"]), int(row["step"]))
    return place._replace(alone=int(alone)) if alone.isdecimal() else place


def _read(path: Path) -> list[_Row]:
    """Return the file's rows, without empty cells and what a kill or a crash has torn."""
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    header, *lines = [_cells(line) for line in text.split("\n")[:-1]] or [[]]
    rows = [
        {name: cell for name, cell in zip(header, line, strict=True) if cell}
        for line in lines
        if len(line) == len(header)
    ]
    return [each for each in rows if _is_placed(each)]


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _is_placed(row: _Row) -> bool:
    return all(row.get(name, "").isdecimal() for name in ("stage", "step"))
