"""Draws PSNR over bits per pixel, of compressed images and of what models make of them.

    imgclean evaluate classic5/ --model dncnn --noise jpeg:10 --noise jpeg:20 --noise jpeg:40 \
        --noise jpeg2000:0.3 --noise jpeg2000:0.6 --csv > classic5.csv
    python benchmarks/rate_curve.py classic5.csv classic5.png

It reads what `imgclean evaluate` has printed by `--csv` or by `--json`, from one file or several,
and writes a PNG with a panel for each set. A codec's own curve is dashed; those of the weight sets,
on what it made, are drawn through in its colour. With `--by model` the weight sets of a model make
one curve, for models that have a set for each rate. Lines of single images and of what is not
compressed are passed over. Needs `pip install "imgclean[plot]"`.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.axes import Axes

MARKERS = "osD^vP*X"
INCHES = (6.4, 4.4)
DOTS_PER_INCH = 120


@dataclass(frozen=True)
class Point:
    """A line of an evaluation: a set at one rate.

    Attributes:
        set: its name.
        codec: what was applied, without the level of the codec, which comes last.
        restorer: name of the weight set, or of the model.
        rate: bits per pixel.
        input_psnr, psnr: of the compressed images and of the restored ones, in dB.
    """

    set: str
    codec: str
    restorer: str
    rate: float
    input_psnr: float
    psnr: float


def main() -> None:
    """Read the lines and draw them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, help="CSV or JSON lines of evaluate")
    parser.add_argument("plot", type=Path, help="the PNG")
    parser.add_argument("--by", choices=("weights", "model"), default="weights")
    arguments = parser.parse_intermixed_args()
    if arguments.plot.suffix.lower() != ".png":
        parser.error(f"{arguments.plot} comes last and ends in .png")
    points = [
        point for path in arguments.files for point in points_of(read_lines(path), arguments.by)
    ]
    if not points:
        sys.exit("there is no line of a compressed set")
    draw(points, arguments.plot)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file: objects if it begins with one, else rows of a CSV."""
    text = path.read_text(encoding="utf-8")
    if text.startswith("{"):
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines()))


def points_of(lines: Iterable[dict[str, Any]], by: str) -> Iterator[Point]:
    """Yield what whole compressed sets measure; a figure that is missing, or infinite, is NaN."""
    for line in lines:
        if line.get("image") or not line.get("bits_per_pixel"):
            continue
        figures = [float(line[name] or math.nan) for name in ("input_psnr", "psnr")]
        shown = [each if math.isfinite(each) else math.nan for each in figures]
        codec = line["degradation"].rpartition(":")[0]
        yield Point(line["set"], codec, line[by], float(line["bits_per_pixel"]), *shown)


def draw(points: list[Point], path: Path) -> None:
    """Draw a panel for each set."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        sys.exit('the plot needs matplotlib: pip install "imgclean[plot]"')
    sets = list(dict.fromkeys(each.set for each in points))
    width, height = INCHES
    figure = Figure(figsize=(width * len(sets), height), layout="constrained")
    panels = figure.subplots(1, len(sets), squeeze=False)[0]
    with mpl.rc_context({"text.parse_math": False}):  # a folder's name may hold $
        for axes, title in zip(panels, sets, strict=True):
            draw_panel(axes, title, [each for each in points if each.set == title])
        figure.savefig(path, format="png", dpi=DOTS_PER_INCH)


def draw_panel(axes: Axes, title: str, points: list[Point]) -> None:
    """Draw each codec's input once, dashed, and what each restorer made of it."""
    for colour, codec in enumerate(dict.fromkeys(each.codec for each in points)):
        mine = [each for each in points if each.codec == codec]
        inputs = sorted({(each.rate, each.input_psnr) for each in mine})
        axes.plot(*zip(*inputs, strict=True), ".--", color=f"C{colour}", label=codec)
        for index, restorer in enumerate(dict.fromkeys(each.restorer for each in mine)):
            curve = sorted((each.rate, each.psnr) for each in mine if each.restorer == restorer)
            style = f"{MARKERS[index % len(MARKERS)]}-"
            label = f"{codec}, {restorer}"
            axes.plot(*zip(*curve, strict=True), style, color=f"C{colour}", label=label, ms=4)
    axes.set_title(title)
    axes.set_xlabel("bits per pixel")
    axes.set_ylabel("PSNR (dB)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


if __name__ == "__main__":
    main()
