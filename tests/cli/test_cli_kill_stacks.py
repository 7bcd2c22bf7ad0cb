"""A run that ends in the middle of a stack leaves no half of it, and can be taken up again."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

MEDDLING = str(Path(__file__).parents[1] / "meddling")
PAGES = 5

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


@pytest.fixture
def denoise(imgclean):
    """Run the command line; a signal comes to it at a page of the stacks, counted through."""

    def run(*arguments, number=None, page=0):
        env = {"PYTHONPATH": MEDDLING}
        if number is not None:
            command = f"kill -{number.name.removeprefix('SIG')} $PPID"
            env |= {"MEDDLE_DURING": command, "MEDDLE_TILE": str(page)}
        return imgclean("denoise", "album", *arguments, "--model", "meddling", "--json", env=env)

    return run


@pytest.fixture
def album(tmp_path, monkeypatch):
    """Two stacks, whose gray pages count as tiles, and two colour images, which do not."""
    monkeypatch.chdir(tmp_path)
    Path("album").mkdir()
    for seed in range(2):
        Image.fromarray(noise_image(20, 30, seed=seed)).save(f"album/{seed}.png")
    pages = np.stack([noise_image(60, 70, channels=1, seed=seed)[..., 0] for seed in range(PAGES)])
    tifffile.imwrite("album/imagej.tif", pages, imagej=True)
    tifffile.imwrite("album/zlib.tif", pages, photometric="minisblack", compression="zlib")
    return Path("album")


def contents(folder):
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {path.name: path.read_bytes() for path in files if ".imgclean" not in path.parts}


def test_a_stack_that_is_killed_in_its_middle_is_done_anew_by_a_resume(denoise, album):
    assert denoise("-o", "reference").code == 0
    reference = contents("reference")
    for page in (3, PAGES + 3):  # in the first stack, then in the second
        killed = denoise("-o", "out", "--resume", number=signal.SIGKILL, page=page)
        assert killed.code == -signal.SIGKILL
        there = contents("out")
        assert [name for name in there if name.endswith(".part")]
        whole = {name: data for name, data in there.items() if not name.endswith(".part")}
        assert whole.items() < reference.items()
    last = denoise("-o", "out", "--resume")
    assert last.code == 0
    assert last.lines[-1]["done"] + last.lines[-1]["skipped"] == len(reference)
    assert contents("out") == reference


def test_a_stack_that_is_interrupted_in_its_middle_is_not_there(denoise, album):
    run = denoise("-o", "out", number=signal.SIGINT, page=3)
    assert run.code == 130
    assert "interrupted" in run.stderr
    assert run.lines[-1]["event"] == "summary"
    done = {Path(line["output"]).name for line in run.events("done")}
    assert contents("out").keys() == done
    assert len(done) < len(contents("album"))
    last = denoise("-o", "out", "--resume")
    assert last.code == 0
    assert last.lines[-1]["skipped"] == len(done)
    clean = tifffile.imread("out/zlib.tif", key=range(PAGES))
    np.testing.assert_array_equal(clean, tifffile.imread("album/zlib.tif", key=range(PAGES)))
