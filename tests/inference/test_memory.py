"""Memory stays bounded: images larger than it, and runs of thousands of files."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from material import ENVIRONMENT, IDENTITY, noise_image
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 20_000
ROWS = 256
RUN = """
import sys
from pathlib import Path
import psutil
from imgclean.extension.loader import load_plugins
from imgclean.inference.allocator import keep_freed_memory
from imgclean.inference.plan import FileRules, make_plan
from imgclean.inference.run import run_here
from imgclean.inference.selection import Selection
from imgclean.inference.settings import InferenceSettings
from imgclean.inference.treatment import Denoising

def clean(source, output, emit=lambda event: None):
    rules = FileRules(output=output)
    return run_here(make_plan([Path(source)], rules), Denoising(selection, emit), rules, emit)

def resident():
    return psutil.Process().memory_info().rss / 2**20

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

keep_freed_memory()
selection = Selection(load_plugins(), InferenceSettings(), model="identity")
"""
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="Linux tells the peak of a process's memory"
)


def measure(script: str, *arguments: Path) -> list[float]:
    """Return the numbers that a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", RUN + script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=ENVIRONMENT | {"PYTHONPATH": IDENTITY},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [float(each) for each in done.stdout.split()]


def bands() -> Iterator[np.ndarray]:
    """Yield the rows of an image of 800 MB, so many at a time."""
    rows = noise_image(ROWS, SIDE, 1, np.uint16)[:, :, 0]
    for top in range(0, SIDE, ROWS):
        yield rows[: min(ROWS, SIDE - top)] + np.uint16(top)


def tiles() -> Iterator[np.ndarray]:
    for band in bands():
        for left in range(0, SIDE, ROWS):
            yield np.ascontiguousarray(band[:, left : left + ROWS])


def strips() -> Iterator[bytes]:
    for band in bands():
        for top in range(0, len(band), 16):
            yield band[top : top + 16].tobytes()


HOW: dict[str, tuple[Any, dict[str, Any]]] = {
    "tiles": (tiles, {"tile": (ROWS, ROWS)}),
    "strips": (strips, {"rowsperstrip": 16}),
}


@needs_proc
@pytest.mark.parametrize("kind", HOW)
def test_an_image_of_800_megabytes_takes_less_than_350_more(kind, tmp_path):
    data, how = HOW[kind]
    source, output = tmp_path / "large.tif", tmp_path / "clean.tif"
    tifffile.imwrite(
        source, data(), shape=(SIDE, SIDE), dtype=np.uint16, photometric="minisblack", **how
    )
    Image.fromarray(noise_image()).save(tmp_path / "warm.png")
    script = """
warm, source, output = sys.argv[1:]
clean(warm, warm + "-clean.png")
before = resident()
Path("/proc/self/clear_refs").write_text("5")
assert clean(source, output).done == 1
print(peak() - before)
"""
    (more,) = measure(script, tmp_path / "warm.png", source, output)
    assert more < 350
    with tifffile.TiffFile(output) as after:
        page = after.pages.first
        assert page.is_tiled == (kind == "tiles")
        whole = page.asarray()
    for top, band in zip(range(0, SIDE, ROWS), bands(), strict=True):
        np.testing.assert_array_equal(whole[top : top + ROWS], band)


@needs_proc
def test_a_thousand_files_more_take_no_more_memory(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    Image.fromarray(noise_image(32, 48)).save(folder / "0.png")
    content = (folder / "0.png").read_bytes()
    for number in range(1, 2000):
        (folder / f"{number}.png").write_bytes(content)
    script = """
sizes, done = {}, 0
def emit(event):
    global done
    if event.event == "done":
        done += 1
        if done in (1000, 2000):
            sizes[done] = resident()
assert clean(sys.argv[1], sys.argv[2], emit).done == 2000
print(sizes[1000], sizes[2000])
"""
    half, whole = measure(script, folder, tmp_path / "out")
    assert abs(whole - half) < 0.05 * half


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
def test_the_memory_of_one_layer_is_used_again_by_the_next():
    script = """
import resource
import torch
from imgclean.inference.allocator import largest_reused_block

def layers(count):
    for _ in range(count):
        torch.empty(largest_reused_block(), dtype=torch.uint8).fill_(1)

layers(10)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
layers(10)
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults * resource.getpagesize() / (10 * largest_reused_block()), largest_reused_block())
"""
    fresh_share, block = measure(script)
    assert fresh_share < 0.05
    if tuple(map(int, platform.libc_ver()[1].split("."))) >= (2, 36):  # older ones may refuse
        assert block == 128 << 20
