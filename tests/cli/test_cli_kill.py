"""A run that is killed or interrupted at any moment can be taken up again."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import ENVIRONMENT, command, noise_image
from PIL import Image

KILLS = int(os.environ.get("IMGCLEAN_KILLS", "6"))
FILES = 24


@pytest.fixture
def album(tmp_path, monkeypatch):
    """Twenty-four images of three kinds in two folders."""
    monkeypatch.chdir(tmp_path)
    for index in range(FILES):
        path = Path("album", "b" if index % 2 else "a", f"{index}.x")
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = noise_image(300, 400, seed=index)
        if index % 3 == 0:
            Image.fromarray(samples).save(path.with_suffix(".png"))
        elif index % 3 == 1:
            Image.fromarray(samples).save(path.with_suffix(".jpg"), quality=90)
        else:
            tifffile.imwrite(path.with_suffix(".tif"), samples[..., 0].astype(np.uint16) * 257)
    return Path("album")


def contents(folder):
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder): path.read_bytes()
        for path in files
        if ".imgclean" not in path.parts
    }


def start(*arguments):
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        text=True,
    )


def kill_at_a_random_moment(run, moments):
    """Kill the run some time after one of its `done` lines, if it is still there."""
    for _ in range(moments.randrange(8)):
        run.stdout.readline()
    time.sleep(moments.uniform(0, 0.1))
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()


@pytest.mark.parametrize("in_place", [False, True], ids=["mirrored", "in place"])
def test_after_kills_each_clean_image_has_its_residual(imgclean, album, small_set, in_place):
    """A residual is in its place before the clean image is: a kill between the two loses none."""
    common = ["--weights", small_set, "--json", "--save-residual"]
    assert imgclean("denoise", "album", "-o", "reference", *common, "away").code == 0
    reference, away = contents("reference"), contents("away")
    where = ["--in-place"] if in_place else ["-o", "out", "--resume"]
    target = Path("album" if in_place else "out")
    moments = random.Random(1)
    for _ in range(KILLS):
        run = start("denoise", "album", *where, *common, "noise")
        kill_at_a_random_moment(run, moments)
        made = contents("noise")
        for name, content in contents(target).items():
            if reference.get(name) == content:
                lossless = name.suffix in (".png", ".tif")
                residual = name if lossless else name.with_name(f"{name.name}.png")
                assert made[residual] == away[residual]
    last = imgclean("denoise", "album", *where, *common, "noise")
    assert last.code == 0, last.stderr
    assert contents(target) == reference
    assert contents("noise") == away


@pytest.mark.parametrize("in_place", [False, True], ids=["mirrored", "in place"])
def test_after_kills_at_random_moments_a_resume_gives_what_an_undisturbed_run_gives(
    imgclean, album, small_set, in_place
):
    assert imgclean("denoise", "album", "-o", "reference", "--weights", small_set).code == 0
    reference, originals = contents("reference"), contents("album")
    where = ["--in-place"] if in_place else ["-o", "out", "--resume"]
    target = Path("album" if in_place else "out")
    moments = random.Random(0)
    for _ in range(KILLS):
        run = start("denoise", "album", *where, "--weights", small_set, "--json")
        kill_at_a_random_moment(run, moments)
        for name, content in contents(target).items():
            if not name.name.endswith(".part"):
                whole = (reference[name], originals[name]) if in_place else (reference[name],)
                assert content in whole, f"{name} is neither old nor new"
    last = imgclean("denoise", "album", *where, "--weights", small_set, "--json")
    assert last.code == 0
    summary = last.lines[-1]
    assert summary["done"] + summary["skipped"] == FILES
    assert contents(target) == reference
    if not in_place:
        assert contents("album") == originals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_in_order(imgclean, album, small_set, number):
    run = start("denoise", "album", "-o", "out", "--weights", small_set, "--json")
    events = []
    for line in run.stdout:
        events.append(json.loads(line)["event"])
        if events.count("done") == 1 and events[-1] == "done":
            run.send_signal(number)
    run.stdout.close()
    assert run.wait(30) == 130
    assert events[-1] == "summary"
    finished = contents("out")
    assert len(finished) == events.count("done")
    assert not [name for name in finished if name.name.endswith(".part")]
    resumed = imgclean(
        "denoise", "album", "-o", "out", "--weights", small_set, "--resume", "--json"
    )
    assert len(resumed.events("skipped")) == len(finished)
    assert len(contents("out")) == FILES


def test_leftovers_of_other_machines_and_running_processes_stay(imgclean, album, small_set):
    Path("out/a").mkdir(parents=True)
    other = Path("out/a/.imgclean-elsewhere-1-0123456789ab.part")
    other.touch()
    shutil.rmtree("album/b")
    assert imgclean("denoise", "album", "-o", "out", "--weights", small_set).code == 0
    assert other.exists()
