"""The lines of an evaluation as a table on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from imgclean.cli.console import printable
from imgclean.evaluation.tables import shown_figure
from imgclean.events import EvaluatedImage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.evaluation.tables import Line

_NAMES = ("set", "degradation", "weights")
_WHERE_ANY = (
    *("bits_per_pixel", "published_psnr", "difference"),
    *("blur", "clean_blur", "input_lpips", "lpips"),
)
_LESS_WANTED = ("images", "input_ssim")
_GIVEN_UP = (
    *_LESS_WANTED,
    *("difference", "input_lpips", "published_psnr", "bits_per_pixel", "input_psnr"),
)
"""What a table that is too wide does without, one after the other."""
_WIDE = 100
_WIDER = 130
_FIGURES = {
    "images": "im-\nages",
    "bits_per_pixel": "bits/\npixel",
    "input_psnr": "noisy\nPSNR",
    "psnr": "PSNR",
    "input_ssim": "noisy\nSSIM",
    "ssim": "SSIM",
    "blur": "blur",
    "clean_blur": "clean\nblur",
    "input_lpips": "noisy\nLPIPS",
    "lpips": "LPIPS",
    "published_psnr": "pub-\nlished",
    "difference": "differ-\nence",
}


def evaluation_table(lines: Sequence[Line], width: int) -> Table:
    """Return the table; the lines of single images have the file's name in place of the set's.

    It fits 80 columns. Bits per pixel, the paper's figures and what was asked for beside PSNR and
    SSIM have columns where there are any; they, and names of images, on a narrow terminal take the
    place of others.

    Args:
        lines: what was measured.
        width: of the terminal.
    """
    absent = [name for name in _WHERE_ANY if not any(shown_figure(line, name) for line in lines)]
    single = any(isinstance(line, EvaluatedImage) for line in lines)
    crowded = (single or len(absent) < len(_WHERE_ANY)) and width < _WIDE
    hidden = {*absent, *_LESS_WANTED * crowded}
    figures = [name for name in _FIGURES if name not in hidden]
    for name in _GIVEN_UP:
        if name in figures and len(figures) > _room(width):
            figures.remove(name)
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in _NAMES:
        table.add_column(heading, overflow="fold")
    for name in figures:
        table.add_column(_FIGURES[name], justify="right", no_wrap=True)
    for line in lines:
        image = line.image if isinstance(line, EvaluatedImage) else None
        table.add_row(
            printable(line.set) if image is None else f"  {printable(Path(image).name)}",
            line.degradation,
            line.weights,
            *(shown_figure(line, name) for name in figures),
            style="dim" if image is not None else "",
        )
    return table


def _room(width: int) -> int:
    """Return how many columns of figures there is room for beside the names."""
    if width >= _WIDER:
        return len(_FIGURES)
    return 8 if width >= _WIDE else 5
