"""The table that a benchmark fills variant by variant, so that what is there is not done again."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_results(path: Path) -> list[dict[str, str]]:
    """Return the rows of the table; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def append_result(path: Path, row: Mapping[str, object]) -> None:
    """Append a row, after the names of its columns where the file begins with it."""
    begins = not path.exists()
    with path.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, list(row), lineterminator="\n")
        if begins:
            writer.writeheader()
        writer.writerow(row)
