"""The curves of `ablation.py`, in a table that several processes add to, and as a figure."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

Curve = list[tuple[int, float]]
"""(step, PSNR in dB) of each measurement, in order."""

COLUMNS = ("optimiser", "residual", "batch_norm", "step", "psnr")
TITLES = {"sgd": "SGD", "adamw": "Adam"}
STYLES = {  # the paper's colours
    (True, True): ("residual, batch norm", "tab:red", "-"),
    (True, False): ("residual", "tab:green", "-"),
    (False, True): ("direct, batch norm", "tab:blue", "--"),
    (False, False): ("direct", "black", "--"),
}
SHOWN = 6.0  # dB below the best, where every curve is but in its first steps


@dataclass(frozen=True)
class Variant:
    """One of the figure's networks by one optimiser, `sgd` or `adamw`."""

    optimiser: str
    residual: bool
    batch_norm: bool

    @property
    def name(self) -> str:
        """As `--only` takes it, such as sgd-residual-norm or adamw-direct."""
        mapping = "residual" if self.residual else "direct"
        return f"{self.optimiser}-{mapping}" + ("-norm" if self.batch_norm else "")


def read_curves(path: Path) -> dict[Variant, Curve]:
    """Return the curves in a table; none where there is no file."""
    curves: dict[Variant, Curve] = {}
    if not path.exists():
        return curves
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            switches = (row[name] == "true" for name in ("residual", "batch_norm"))
            variant = Variant(row["optimiser"], *switches)
            curves.setdefault(variant, []).append((int(row["step"]), float(row["psnr"])))
    return curves


def write_curve(path: Path, variant: Variant, curve: Curve) -> None:
    """Append a curve to a table; processes that do so together wait for one another."""
    switches = (str(each).lower() for each in (variant.residual, variant.batch_norm))
    labels = (variant.optimiser, *switches)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    with FileLock(f"{path}.lock"):
        if not path.exists():
            writer.writerow(COLUMNS)
        writer.writerows([*labels, step, f"{psnr:.4f}"] for step, psnr in curve)
        with path.open("a", newline="") as stream:
            stream.write(text.getvalue())


def draw(curves: dict[Variant, Curve], path: Path) -> None:
    """Draw a panel for each optimiser into a file, of the format that its suffix names."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        sys.exit("--plot needs matplotlib: pip install matplotlib")
    if not curves:
        sys.exit("there is no curve to draw yet")
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, len(TITLES), sharey=True)
    for axes, (optimiser, title) in zip(panels, TITLES.items(), strict=True):
        mine = {each: curve for each, curve in curves.items() if each.optimiser == optimiser}
        draw_panel(axes, title, mine)
    best = max(psnr for curve in curves.values() for _, psnr in curve)
    panels[0].set_ylim(best - SHOWN, best + SHOWN / 20)
    panels[0].set_ylabel("PSNR (dB)")
    fullest = max(panels, key=lambda axes: len(axes.lines))
    figure.legend(handles=fullest.lines, loc="outside lower center", ncols=len(STYLES))
    # the same file from the same curves
    with mpl.rc_context({"svg.hashsalt": "imgclean", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def draw_panel(axes: Axes, title: str, curves: dict[Variant, Curve]) -> None:
    """Draw the curves of one optimiser."""
    for switches, (label, colour, line) in STYLES.items():
        for variant, curve in curves.items():
            if (variant.residual, variant.batch_norm) == switches:
                steps, psnr = zip(*curve, strict=True)
                axes.plot(steps, psnr, line, color=colour, label=label, linewidth=1.4)
    axes.set_title(title)
    axes.set_xlabel("step")
    axes.grid(alpha=0.3)
