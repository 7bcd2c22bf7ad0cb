"""Cleans stacks onto disks that are each a little larger; says what came of each, as JSON.

Run in a mount namespace of its own, so that the disks are gone when it ends.
"""

import json
import subprocess
import sys
from pathlib import Path

from imgclean.extension.loader import load_plugins
from imgclean.inference.plan import FileRules, make_plan
from imgclean.inference.run import run_here
from imgclean.inference.selection import Selection
from imgclean.inference.settings import InferenceSettings
from imgclean.inference.treatment import Denoising

PAGE = 4096  # a disk in memory has a multiple of it

selection = Selection(load_plugins(), InferenceSettings(), model="identity")


def clean(stack: Path, target: Path) -> str:
    """Return "done", or the class of the error."""
    events: list = []
    rules = FileRules(output=str(target))
    treatment = Denoising(selection, events.append)
    run_here(make_plan([stack], rules), treatment, rules, events.append)
    (event,) = [each for each in events if each.event in ("done", "failed")]
    return event.error or event.event


def clean_on_disk(stack: Path, size: int, whole: bytes) -> str:
    """Return "whole", or the class of the error; anything else is wrong."""
    disk = Path("disk")
    disk.mkdir(exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size}", "none", str(disk)]
    subprocess.run(["mount", *options], check=True)
    try:
        outcome = clean(stack, disk / "clean.tif")
        there = [path.read_bytes() for path in disk.iterdir()]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    if outcome == "done":
        return "whole" if there == [whole] else "torn"
    return "leftover" if there else outcome


def clean_on_disks(stack: Path) -> list[str]:
    """Return what comes of disks from one page on to one that is large enough."""
    target = stack.with_suffix(".reference.tif")
    assert clean(stack, target) == "done"
    whole = target.read_bytes()
    pages = len(whole) // PAGE + 2
    return [clean_on_disk(stack, n * PAGE, whole) for n in range(1, pages + 1)]


outcomes = {name.removesuffix(".tif"): clean_on_disks(Path(name)) for name in sys.argv[1:]}
sys.stdout.write(json.dumps(outcomes))
