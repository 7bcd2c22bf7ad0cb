"""Compares what DnCNN learns in a few minutes: the table in docs/models/dncnn.md.

    python benchmarks/short_training.py --data bsd432/ --clean set12/ --steps 1000

Trains each variant for the same number of steps of batch 4 and measures it in gray at sigma 25.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

# initialisation, batch norm, optimiser, AdamW's rate; Muon's rate is the recipe's
VARIANTS = [
    ("he", True, "adamw", 1e-3),
    ("dirac", True, "adamw", 1e-3),
    ("dirac", False, "adamw", 2e-3),
    ("he", True, "muon", 2e-3),
    ("he", False, "muon", 2e-3),
    ("dirac", True, "muon", 2e-3),
    ("dirac", False, "muon", 2e-3),
]


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of images to train on")
    parser.add_argument("--clean", required=True, help="folder of images to measure with")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    table = Table("initialisation", "batch norm", "optimiser", "rate", "minutes", "PSNR (dB)")
    for initialisation, batch_norm, optimiser, rate in VARIANTS:
        with tempfile.TemporaryDirectory() as folder:
            config = train(
                Path(folder, "run"),
                "dncnn/gray-blind",
                arguments,
                f"options.initialisation={initialisation}",
                f"options.batch_norm={str(batch_norm).lower()}",
                f"optimiser.name={optimiser}",
                f"optimiser.lr={rate}",
            )
        minutes = config["provenance"]["minutes"]
        psnr = next(r["psnr"] for r in config["results"] if r["degradation"] == "gaussian:25")
        norm = "yes" if batch_norm else "no"
        table.add_row(initialisation, norm, optimiser, f"{rate:g}", f"{minutes:.1f}", f"{psnr:.2f}")
    Console().print(table)


def ending_as_trainings_do(main: Callable[[], None]) -> None:
    """Run a benchmark's `main`, and end as a training that failed or was interrupted has ended."""
    try:
        main()
    except subprocess.CalledProcessError as error:  # the run has said why
        sys.exit(error.returncode)
    except KeyboardInterrupt:
        sys.exit(130)  # as imgclean ends; the same command goes on


def train(
    out: Path, recipe: str, arguments: argparse.Namespace, *settings: str, resume: bool = False
) -> dict[str, Any]:
    """Train one variant and return the config of its weight set.

    Args:
        out: the run folder.
        recipe: as `imgclean train` takes it.
        arguments: with data, clean, steps and threads.
        settings: as of `--set`.
        resume: whether a run that is there goes on; else there must be none.

    Raises:
        CalledProcessError: the run has failed; it has said why.
    """
    command = [
        *(sys.executable, "-m", "imgclean", "train", recipe, "--out", str(out)),
        *("--data", arguments.data, "--validate", arguments.clean),
        *("--threads", str(arguments.threads), "--steps", str(arguments.steps)),
        *(part for each in settings for part in ("--set", each)),
        *(["--resume"] if resume else []),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    config: dict[str, Any] = json.loads((out / "config.json").read_text())
    return config


if __name__ == "__main__":
    ending_as_trainings_do(main)
