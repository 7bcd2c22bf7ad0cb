"""The lines of an evaluation as CSV and as Markdown."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import TYPE_CHECKING

from imgclean.events import Evaluated, EvaluatedImage, EvaluatedRegions

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "bits_per_pixel",
)
"""Always these; `image` is empty in the line of a whole set."""

REGION_COLUMNS = (
    "threshold",
    "textured_share",
    "textured_psnr",
    "smooth_psnr",
    "textured_input_psnr",
    "smooth_input_psnr",
    "textured_images",
    "smooth_images",
)
"""After these where textured and smooth regions were measured."""

_MARKDOWN_COLUMNS = {
    "set": "set",
    "image": "image",
    "degradation": "degradation",
    "model": "model",
    "weights": "weights",
    "images": "images",
    "bits_per_pixel": "bits per pixel",
    "input_psnr": "noisy PSNR",
    "psnr": "PSNR",
    "input_ssim": "noisy SSIM",
    "ssim": "SSIM",
    "published_psnr": "published",
    "difference": "difference",
}
_OPTIONAL = ("image", "bits_per_pixel", "published_psnr", "difference")
_MARKDOWN_OF_REGIONS = {
    "set": "set",
    "degradation": "degradation",
    "model": "model",
    "weights": "weights",
    "threshold": "threshold",
    "textured_share": "textured pixels",
    "textured_images": "images",
    "textured_input_psnr": "noisy PSNR, textured",
    "textured_psnr": "PSNR, textured",
    "smooth_images": "images",
    "smooth_input_psnr": "noisy PSNR, smooth",
    "smooth_psnr": "PSNR, smooth",
}
_DIGITS = {
    "psnr": ".2f",
    "input_psnr": ".2f",
    "published_psnr": ".2f",
    "difference": "+.2f",
    "bits_per_pixel": ".3f",
    "ssim": ".4f",
    "input_ssim": ".4f",
    "threshold": "g",
    "textured_share": ".1%",
    "textured_psnr": ".2f",
    "textured_input_psnr": ".2f",
    "smooth_psnr": ".2f",
    "smooth_input_psnr": ".2f",
}


def as_csv(lines: Sequence[Line | EvaluatedRegions]) -> str:
    """Return lines as CSV with a header, in `CSV_COLUMNS`; what does not apply is empty.

    Where there are lines of regions, `REGION_COLUMNS` follow.
    """
    text = io.StringIO()
    regions = any(isinstance(line, EvaluatedRegions) for line in lines)
    columns = CSV_COLUMNS + REGION_COLUMNS * regions
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow(dataclasses.asdict(line))
    return text.getvalue()


def as_markdown(lines: Sequence[Line]) -> str:
    """Return lines as a Markdown table, figures rounded as papers print them.

    There is a column `image` where there are single images, `bits per pixel` where something is
    compressed, and `published` and `difference` where a paper has a figure.
    """
    cells = [_cells(line) for line in lines]
    shown = [
        name
        for name in _MARKDOWN_COLUMNS
        if name not in _OPTIONAL or any(each.get(name) for each in cells)
    ]
    return _markdown({name: _MARKDOWN_COLUMNS[name] for name in shown}, cells)


def regions_as_markdown(lines: Sequence[EvaluatedRegions]) -> str:
    """Return lines of textured and smooth regions as a Markdown table."""
    return _markdown(_MARKDOWN_OF_REGIONS, [_cells(line) for line in lines])


def shown_figure(line: Line | EvaluatedRegions, name: str) -> str:
    """Return a field as people read it: PSNR with two digits, SSIM with four; empty if None."""
    value = getattr(line, name, None)
    return "" if value is None else format(value, _DIGITS.get(name, ""))


def _markdown(columns: dict[str, str], cells: list[dict[str, str]]) -> str:
    rows = [list(columns.values()), ["---"] * len(columns)]
    rows += [[each.get(name, "") for name in columns] for each in cells]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cells(line: Line | EvaluatedRegions) -> dict[str, str]:
    return {
        field.name: shown_figure(line, field.name).replace("|", "\\|")
        for field in dataclasses.fields(line)
    }
