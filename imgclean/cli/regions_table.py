"""Textured and smooth regions of an evaluation as a table on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from imgclean.cli.console import printable
from imgclean.evaluation.tables import shown_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.events import EvaluatedRegions

_NAMES = ("set", "degradation", "weights")
_LESS_WANTED = ("textured_images", "textured_input_psnr", "smooth_images", "smooth_input_psnr")
_WIDE = 120
_FIGURES = {
    "threshold": "gradient\nabove",
    "textured_share": "textured\npixels",
    "textured_images": "textured\nimages",
    "textured_input_psnr": "textured\nnoisy",
    "textured_psnr": "textured\nPSNR",
    "smooth_images": "smooth\nimages",
    "smooth_input_psnr": "smooth\nnoisy",
    "smooth_psnr": "smooth\nPSNR",
}


def regions_table(lines: Sequence[EvaluatedRegions], width: int) -> Table:
    """Return the table, a line for each threshold.

    It fits 80 columns; on a narrow terminal it leaves out how many images have a region, and the
    PSNR of the input.

    Args:
        lines: what was measured.
        width: of the terminal.
    """
    figures = [name for name in _FIGURES if width >= _WIDE or name not in _LESS_WANTED]
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in _NAMES:
        table.add_column(heading, overflow="fold")
    for name in figures:
        table.add_column(_FIGURES[name], justify="right", no_wrap=True)
    for line in lines:
        table.add_row(
            printable(line.set),
            line.degradation,
            line.weights,
            *(shown_figure(line, name) for name in figures),
        )
    return table
