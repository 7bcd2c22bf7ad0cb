"""The odd files that other projects collected: each is cleaned, or fails for a reason it has."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from material import ENVIRONMENT, IDENTITY, command
from odd_files import DONE, FIRST_OF_SEVERAL, LOSSY, REFUSED
from other_readers import format_of, psnr, seen_by_another

from imgclean.images.page_choice import parse_page_choice
from imgclean.images.read import read_image
from imgclean.inference.image_rules import ImageRules

ODD_FILES = Path(__file__).parents[3] / "shared" / "data" / "robust"
pytestmark = pytest.mark.skipif(not ODD_FILES.is_dir(), reason=f"{ODD_FILES} is not here")

SUFFIX_OF_GIF = {".gif": ".png"}
AS_KNOWN = re.compile(
    r"(failed: |warning: |identity with identity |4 GIF files are written as PNG|"
    rf"40 cleaned, 27 failed; |{re.escape(str(ODD_FILES))}/[\w.-]+ -> )"
)


# From a small process: what a large one starts counts that one's memory as its own peak.
MEASURING = """
import pathlib, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
pathlib.Path(sys.argv[1]).write_text(str(peak))
sys.exit(code)
"""


def events_of(events: list[Any]) -> dict[str, Any]:
    finished = [each for each in events if each.event in ("done", "failed")]
    return {Path(each.input).name: each for each in finished}


@pytest.fixture(scope="module")
def run(tmp_path_factory, clean_unchanged):
    """The folder of the clean images, and what became of each file."""
    folder = tmp_path_factory.mktemp("odd")
    return folder, events_of(clean_unchanged(ODD_FILES, output=folder))


@pytest.fixture(scope="module")
def first(tmp_path_factory, clean_unchanged):
    """The same for a run with `--pages first`."""
    folder = tmp_path_factory.mktemp("first")
    images = ImageRules(provenance=False, pages=parse_page_choice("first", "--pages"))
    return folder, events_of(clean_unchanged(ODD_FILES, output=folder, images=images))


def clean_of(folder: Path, name: str) -> Path:
    path = folder / name
    return path.with_suffix(SUFFIX_OF_GIF.get(path.suffix, path.suffix))


def channels_of(path: Path) -> str:
    """Return the channels of the (first) image, by the program."""
    if format_of(path.read_bytes()) != "tiff":
        picture = read_image(path)
        return {"gray": "gray", "rgb": "RGB"}[picture.space] + "+A" * picture.alpha
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        colours = "gray" if page.photometric <= 1 else "RGB"
        return colours + "+A" * bool(page.extrasamples)


def test_the_table_names_every_file_once():
    names = {path.name for path in ODD_FILES.iterdir()}
    assert names == DONE.keys() | REFUSED.keys()
    assert not DONE.keys() & REFUSED.keys()


@pytest.mark.parametrize("name", DONE)
def test_what_can_be_read_is_cleaned_and_loses_nothing(name, run):
    folder, events = run
    expected, event = DONE[name], events[name]
    assert event.event == "done", event.message
    assert (event.pages, event.dtype) == (expected.pages, expected.dtype)
    assert channels_of(folder / name) == expected.channels
    source, clean = (ODD_FILES / name).read_bytes(), (folder / name).read_bytes()
    assert format_of(clean) == format_of(source)
    before, after = seen_by_another(source), seen_by_another(clean)
    if format_of(source) in LOSSY or "jpeg" in name:
        assert before.shape == after.shape
        assert psnr(before, after, 255) > 40
    else:
        np.testing.assert_array_equal(after, before, strict=True)


@pytest.mark.parametrize("name", [name for name, each in DONE.items() if each.pages == 1])
def test_pixels_are_those_that_another_reader_sees(name):
    samples = read_image(ODD_FILES / name).samples
    seen = seen_by_another((ODD_FILES / name).read_bytes())
    np.testing.assert_array_equal(np.broadcast_to(samples, seen.shape), seen)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_fails_by_its_reason(name, run):
    folder, events = run
    expected, event = REFUSED[name], events[name]
    assert event.event == "failed"
    assert (event.error, event.pages) == (expected.error.__name__, None)
    assert event.message.startswith(f"{ODD_FILES / name}: ")
    assert expected.reason in event.message
    assert re.search(r" \(.+\)$", event.message), "it does not say what to do"
    assert not clean_of(folder, name).exists()


@pytest.mark.parametrize("name", FIRST_OF_SEVERAL)
def test_the_first_of_several_images_is_taken_if_asked_for(name, first):
    folder, events = first
    assert events[name].event == "done", events[name].message
    assert events[name].pages == 1
    path = clean_of(folder, name)
    assert channels_of(path) == FIRST_OF_SEVERAL[name]
    before = seen_by_another((ODD_FILES / name).read_bytes())
    after = seen_by_another(path.read_bytes())
    if name.endswith(".tif"):
        one = before[0] if before.shape[0] > 1 else before
        np.testing.assert_array_equal(after.squeeze(), one.squeeze())
    elif format_of(path.read_bytes()) in LOSSY:
        assert psnr(before[:, :, :3], after, 255) > 40
    else:
        np.testing.assert_array_equal(np.broadcast_to(after, before.shape), before)


def test_first_fails_no_file_but_those_that_failed_before(first):
    _, events = first
    failed = {name for name, each in events.items() if each.event == "failed"}
    assert failed == REFUSED.keys() - FIRST_OF_SEVERAL.keys()


def test_the_command_line_takes_them_all_in_good_time_with_little_memory(tmp_path):
    """Nothing of a C library on stderr, no traceback, and no file holds up the others."""
    line = command("denoise", ODD_FILES, "-o", tmp_path / "out", "--model", "identity")
    with (tmp_path / "out.txt").open("wb") as out, (tmp_path / "err.txt").open("wb") as err:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", MEASURING, str(tmp_path / "peak.txt"), *line],
            stdout=out,
            stderr=err,
            env=ENVIRONMENT | {"PYTHONPATH": IDENTITY},
            check=False,
        )
    assert done.returncode == 3
    assert time.monotonic() - started < 60
    assert int((tmp_path / "peak.txt").read_text()) < 2 * 2**20, "kilobytes"
    assert (tmp_path / "out.txt").read_bytes() == b""
    lines = (tmp_path / "err.txt").read_text().splitlines()
    strange = [each for each in lines if not AS_KNOWN.match(each)]
    assert strange == []
