"""Prints how much better than BM3D a model is at each level: DnCNN's Figure 8.

    imgclean evaluate cbsd68/ --model dncnn --baseline bm3d --noise gaussian:5 --noise gaussian:15 \
        --csv > cbsd68.csv
    python benchmarks/gain_over_bm3d.py cbsd68.csv

It reads what `imgclean evaluate --csv` has printed, from files or from stdin.
"""

from __future__ import annotations

import argparse
import fileinput
from csv import DictReader

from rich.console import Console
from rich.table import Table

BASELINE = "bm3d"


def main() -> None:
    """Read the lines and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", help="by default stdin")
    with fileinput.input(parser.parse_args().files) as stream:
        lines = [row for row in DictReader(stream) if row["set"] != "set" and not row["image"]]
    baseline = {
        (row["set"], row["degradation"]): float(row["psnr"])
        for row in lines
        if row["model"] == BASELINE
    }
    table = Table("set", "degradation", "BM3D (dB)", "weights", "PSNR (dB)", "gain (dB)")
    for row in lines:
        place = row["set"], row["degradation"]
        if row["model"] == BASELINE or place not in baseline:
            continue
        psnr, classical = float(row["psnr"]), baseline[place]
        figures = (f"{classical:.2f}", row["weights"], f"{psnr:.2f}", f"{psnr - classical:+.2f}")
        table.add_row(*place, *figures)
    Console().print(table)


if __name__ == "__main__":
    main()
