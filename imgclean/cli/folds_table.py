"""The trials of a cross validation as lines, and their means as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.events import EvaluatedFold, EvaluatedFolds

_HEADINGS = ("noisy\nPSNR", "PSNR", "noisy\nSSIM", "SSIM")


def folds_table(lines: Sequence[EvaluatedFolds]) -> Table:
    """Return the means, a row for each side of the folds under each degradation.

    What follows ± is the standard deviation of the repeats' means.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in ("degradation", "trials", "images"):
        table.add_column(heading, overflow="fold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        trials = f"{line.folds} x {line.repeats}"
        for side in ("training", "test"):
            table.add_row(line.degradation, trials, side, *_figures(line, side))
    return table


def fold_line(line: EvaluatedFold) -> str:
    """Return how good a trial is, on one line."""
    sides = []
    for side in ("training", "test"):
        noisy, clean = (getattr(line, f"{side}_{name}") for name in ("input_psnr", "psnr"))
        sides.append(f"{side} {noisy:.2f} -> {clean:.2f} dB")
    return f"repeat {line.repeat}, fold {line.fold}, {line.degradation}: {', '.join(sides)}"


def _figures(line: EvaluatedFolds, side: str) -> list[str]:
    cells = []
    for name, digits in (("psnr", 2), ("ssim", 4)):
        cells.append(f"{getattr(line, f'{side}_input_{name}'):.{digits}f}")
        spread = getattr(line, f"{side}_{name}_spread")
        more = "" if spread is None else f" ± {spread:.{digits}f}"
        cells.append(f"{getattr(line, f'{side}_{name}'):.{digits}f}{more}")
    return cells
