"""The lines of an evaluation as CSV and as Markdown."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.events import Evaluated, EvaluatedImage

    Line = Evaluated | EvaluatedImage

CSV_COLUMNS = (
    "set",
    "image",
    "degradation",
    "model",
    "weights",
    "images",
    "psnr",
    "ssim",
    "input_psnr",
    "input_ssim",
    "seconds",
    "published_psnr",
    "published_ssim",
    "difference",
)
"""Always these; `image` is empty in the line of a whole set."""

_MARKDOWN_COLUMNS = {
    "set": "set",
    "image": "image",
    "degradation": "degradation",
    "model": "model",
    "weights": "weights",
    "images": "images",
    "input_psnr": "noisy PSNR",
    "psnr": "PSNR",
    "input_ssim": "noisy SSIM",
    "ssim": "SSIM",
    "published_psnr": "published",
    "difference": "difference",
}
_DIGITS = {
    "psnr": ".2f",
    "input_psnr": ".2f",
    "published_psnr": ".2f",
    "difference": "+.2f",
    "ssim": ".4f",
    "input_ssim": ".4f",
}


def as_csv(lines: Sequence[Line]) -> str:
    """Return lines as CSV with a header, in `CSV_COLUMNS`; what does not apply is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow(dataclasses.asdict(line))
    return text.getvalue()


def as_markdown(lines: Sequence[Line]) -> str:
    """Return lines as a Markdown table, figures rounded as papers print them.

    There is a column `image` where there are single images, and `published` and `difference`
    where a paper has a figure.
    """
    cells = [_cells(line) for line in lines]
    shown = [
        name
        for name in _MARKDOWN_COLUMNS
        if name not in ("image", "published_psnr", "difference")
        or any(each.get(name) for each in cells)
    ]
    rows = [[_MARKDOWN_COLUMNS[name] for name in shown], ["---"] * len(shown)]
    rows += [[each.get(name, "") for name in shown] for each in cells]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def shown_figure(line: Line, name: str) -> str:
    """Return a field as people read it: PSNR with two digits, SSIM with four; empty if None."""
    value = getattr(line, name, None)
    return "" if value is None else format(value, _DIGITS.get(name, ""))


def _cells(line: Line) -> dict[str, str]:
    return {
        field.name: shown_figure(line, field.name).replace("|", "\\|")
        for field in dataclasses.fields(line)
    }
