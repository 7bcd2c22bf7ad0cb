"""Two models in textured and in smooth regions as a plot, in the way of GradNet's Figure 9."""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING

from imgclean.atomic import refusal, replacing
from imgclean.errors import InputNotFound, InvalidSetting, OutputExists, SetupError
from imgclean.evaluation.regions import THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from imgclean.events import EvaluatedRegions

_COLOURS = {"textured": "tab:red", "smooth": "tab:blue"}
_STYLES = ("o--", "s-")
_BAR_WIDTH = 0.38
_INCHES = (10.0, 3.8)
_DOTS_PER_INCH = 100


def require_plot(target: Path, contenders: int) -> None:
    """Refuse a plot that could not be drawn, before anything is measured.

    Args:
        target: the PNG.
        contenders: how many are measured.

    Raises:
        InvalidSetting: they are not two, or the file has another suffix.
        OutputExists, InputNotFound: the file is there, its folder is not.
        SetupError: matplotlib is missing.
    """
    if contenders != 2:
        raise InvalidSetting(
            f"--regions-plot compares two models, not {contenders}",
            hint="name two by --model, --weights or --baseline",
        )
    if target.suffix.lower() != ".png":
        raise InvalidSetting(f"{target}: the plot is a PNG", hint="give it the suffix .png")
    if target.exists():
        raise OutputExists(f"{target} exists", hint="choose another name, or remove it")
    if not target.parent.is_dir():
        raise InputNotFound(f"{target.parent}: no such folder", hint="make it first")
    try:
        import_module("matplotlib.figure")
    except ImportError as error:
        raise SetupError(
            "--regions-plot needs the package matplotlib",
            hint='run pip install "imgclean[plot]"',
        ) from error


def write_plot(lines: Sequence[EvaluatedRegions], target: Path) -> None:
    """Draw what was measured of two models, a row for each set and degradation.

    Args:
        lines: as they were measured: for each set and degradation those of the first model, then
            those of the second.
        target: the PNG; it appears whole or not at all.

    Raises:
        SetupError: it cannot be written.
    """
    figure = _figure(lines)
    try:
        with replacing(target) as temporary:
            figure.savefig(temporary, format="png", dpi=_DOTS_PER_INCH)
    except OSError as error:
        message, hint = refusal(target, error)
        raise SetupError(message, hint=hint) from error


def _figure(lines: Sequence[EvaluatedRegions]) -> Figure:
    import matplotlib
    from matplotlib.figure import Figure

    count = len(THRESHOLDS)
    pairs = [
        (lines[start : start + count], lines[start + count : start + 2 * count])
        for start in range(0, len(lines), 2 * count)
    ]
    width, height = _INCHES
    figure = Figure(figsize=(width, height * len(pairs)), layout="constrained")
    with matplotlib.rc_context({"text.parse_math": False}):  # a folder's name may hold $
        rows = figure.subplots(len(pairs), 2, squeeze=False)
        for (left, right), (first, second) in zip(rows, pairs, strict=True):
            _draw_psnr(left, first, second)
            _draw_gain(right, first, second)
    return figure


def _draw_psnr(
    axes: Axes, first: Sequence[EvaluatedRegions], second: Sequence[EvaluatedRegions]
) -> None:
    """Draw the PSNR of both models in both regions over the threshold (Figure 9a)."""
    for name, model, style in zip(_names(first, second), (first, second), _STYLES, strict=True):
        for region, colour in _COLOURS.items():
            label = f"{region}: {name}"  # matplotlib hides a label that begins with _
            axes.plot(THRESHOLDS, _psnr(model, region), style, color=colour, label=label)
    axes.set_xticks(THRESHOLDS)
    title = f"{first[0].set}, {first[0].degradation}"
    axes.set_title(title.encode("utf-8", "replace").decode())  # a folder's bytes may be no UTF-8
    axes.set_xlabel("gradient threshold (pixels in [0, 1])")
    axes.set_ylabel("PSNR (dB)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="center left")  # textured below it, smooth above


def _draw_gain(
    axes: Axes, first: Sequence[EvaluatedRegions], second: Sequence[EvaluatedRegions]
) -> None:
    """Draw by how much the second model's PSNR is above the first's in both (Figure 9b)."""
    for side, (region, colour) in zip((-0.5, 0.5), _COLOURS.items(), strict=True):
        gains = [b - a for a, b in zip(_psnr(first, region), _psnr(second, region), strict=True)]
        places = [index + side * _BAR_WIDTH for index in range(len(gains))]
        axes.bar(places, gains, _BAR_WIDTH, color=colour, label=region)
    axes.axhline(0, color="black", linewidth=0.8)
    ticks = [f"{line.threshold:g}\n({line.textured_share:.1%})" for line in first]
    axes.set_xticks(range(len(ticks)), ticks)
    axes.set_xlim(-0.6, len(ticks) - 0.4)
    names = _names(first, second)
    axes.set_title(f"gain of {names[1]} over {names[0]}")
    axes.set_xlabel("gradient threshold (share of textured pixels)")
    axes.set_ylabel("gain in PSNR (dB)")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.margins(y=0.25)  # the legend has room above the bars
    axes.legend(fontsize="small", ncols=2)


def _names(
    first: Sequence[EvaluatedRegions], second: Sequence[EvaluatedRegions]
) -> tuple[str, str]:
    """Return the weight sets' names; two runs of one recipe have the same, and get a number."""
    one, other = first[0].weights, second[0].weights
    return (one, other) if one != other else (f"{one} (1)", f"{other} (2)")


def _psnr(lines: Sequence[EvaluatedRegions], region: str) -> list[float]:
    """Return a region's PSNR at each threshold; NaN, which is not drawn, where there is none."""
    values = [getattr(line, f"{region}_psnr") for line in lines]
    return [math.nan if each is None or math.isinf(each) else each for each in values]
