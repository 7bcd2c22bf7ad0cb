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

MEASURE_COLUMNS = ("blur", "clean_blur", "lpips", "input_lpips")
"""After these where one of them was measured."""

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
"""And last where textured and smooth regions were measured."""

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
    "blur": "blur",
    "clean_blur": "clean blur",
    "input_lpips": "noisy LPIPS",
    "lpips": "LPIPS",
    "published_psnr": "published",
    "difference": "difference",
}
_OPTIONAL = ("image", "bits_per_pixel", "published_psnr", "difference", *MEASURE_COLUMNS)
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
    "blur": ".3f",
    "clean_blur": ".3f",
    "lpips": ".4f",
    "input_lpips": ".4f",
    "threshold": "g",
    "textured_share": ".1%",
    "textured_psnr": ".2f",
    "textured_input_psnr": ".2f",
    "smooth_psnr": ".2f",
    "smooth_input_psnr": ".2f",
}


def as_csv(lines: Sequence[Line | EvaluatedRegions]) -> str:
    """Return lines as CSV with a header, in `CSV_COLUMNS`; what does not apply is empty.

    `MEASURE_COLUMNS` follow where a line has one of them, `REGION_COLUMNS` where there are lines of
    regions.
    """
    text = io.StringIO()
    regions = any(isinstance(line, EvaluatedRegions) for line in lines)
    measured = any(
        getattr(line, name, None) is not None for line in lines for name in MEASURE_COLUMNS
    )
    columns = CSV_COLUMNS + MEASURE_COLUMNS * measured + REGION_COLUMNS * regions
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for line in lines:
        fields = dataclasses.asdict(line)
        if not measured:
            fields = {name: fields[name] for name in fields if name not in MEASURE_COLUMNS}
        writer.writerow(fields)
    return text.getvalue()


def as_markdown(lines: Sequence[Line]) -> str:
    """Return lines as a Markdown table, figures rounded as papers print them.

    There is a column `image` where there are single images, `bits per pixel` where something is
    compressed, `published` and `difference` where a paper has a figure, and others where they were
    asked for.
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
