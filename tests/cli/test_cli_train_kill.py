"""Nothing of a training run is lost: kill -9, SIGTERM, several processes."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from material import ENVIRONMENT, command
from training_pictures import QUICK, write_pictures

KILLS = int(os.environ.get("IMGCLEAN_KILLS", "4"))
# rare checkpoints and often ones: a kill finds the run before, between and after them
SETTINGS = [
    *("train", "--model", "dncnn", "--data", "clean", "--steps", "150", *QUICK),
    *("--set", "checkpoint_seconds=0.3", "--set", "precision=fp32"),
]


@pytest.fixture
def clean(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_pictures(Path("clean"))


def start(*arguments, **settings):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command(*arguments), env=ENVIRONMENT, text=True, **streams | settings)


def weights(folder):
    return Path(folder, "model.safetensors").read_bytes()


def losses(folder):
    with Path(folder, "log.csv").open() as file:
        return {row["step"]: float(row["loss"]) for row in csv.DictReader(file) if row["loss"]}


def kill_after_an_event(run, seed):
    """Kill a run a random while after its first step."""
    for line in run.stdout:
        if json.loads(line)["event"] == "step":
            break
    time.sleep(random.Random(seed).uniform(0, 1.5))
    run.kill()
    run.communicate()


def test_a_run_that_is_killed_again_and_again_ends_with_the_weights_of_an_undisturbed_one(
    imgclean, clean
):
    stages = ["--set", 'stages=[{name="a"}, {name="b", patch=24}]', "--steps", 50 * KILLS]
    assert imgclean(*SETTINGS, *stages, "--out", "whole").code == 0
    for seed in range(KILLS):
        run = start(*SETTINGS, *stages, "--out", "torn", "--resume", "--json")
        kill_after_an_event(run, seed)
    last = imgclean(*SETTINGS, *stages, "--out", "torn", "--resume")
    assert last.code == 0, last.stderr
    assert weights("torn") == weights("whole")
    assert losses("torn") == losses("whole")


def test_sigterm_writes_a_checkpoint_and_ends(imgclean, clean):
    long = ["--set", "checkpoint_seconds=600", "--steps", "600"]
    run = start(*SETTINGS, *long, "--out", "run", "--json")
    next(line for line in map(json.loads, run.stdout) if line["event"] == "step")
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    assert run.returncode == 130
    assert Path("run/checkpoint.pt").exists()
    assert imgclean("train", "--out", "run", "--resume").code == 0


@pytest.fixture
def without_batch_norm():
    return ["--set", "options.batch_norm=false"]


@pytest.mark.skipif(sys.platform == "win32", reason="several processes need gloo and fork-free sh")
def test_two_processes_train_as_one_with_twice_the_batch(imgclean, clean, without_batch_norm):
    one = imgclean(*SETTINGS, *without_batch_norm, "--set", "batch=8", "--out", "one")
    two = imgclean(*SETTINGS, *without_batch_norm, "--devices", "2", "--out", "two")
    assert (one.code, two.code) == (0, 0), two.stderr
    assert "2 x " in two.stderr
    assert two.stderr.count("use it with --weights") == 1
    curves = losses("one"), losses("two")
    assert curves[0].keys() == curves[1].keys() == {"50", "100", "150"}
    assert curves[1] == pytest.approx(curves[0], rel=1e-3)


def test_two_processes_that_are_killed_and_launched_again_go_on(
    imgclean, clean, without_batch_norm
):
    several = [*SETTINGS, *without_batch_norm, "--devices", "2"]
    assert imgclean(*several, "--out", "whole").code == 0
    run = start(*several, "--out", "torn", "--json", start_new_session=True)
    assert any(Path("torn/checkpoint.pt").exists() for _ in run.stdout)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert imgclean(*several, "--out", "torn", "--resume").code == 0
    assert losses("torn") == pytest.approx(losses("whole"), rel=1e-4)


def test_a_follower_whose_leader_is_killed_ends_too(imgclean, clean, without_batch_norm):
    several = [*SETTINGS, *without_batch_norm, "--devices", "2", "--steps", "100000"]
    run = start(*several, "--out", "run", "--json", start_new_session=True)
    next(line for line in map(json.loads, run.stdout) if line["event"] == "step")
    run.kill()
    run.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and _lives(run.pid):
        time.sleep(0.1)
    assert not _lives(run.pid)


def test_a_leader_whose_follower_is_killed_says_so(imgclean, clean, without_batch_norm):
    several = [*SETTINGS, *without_batch_norm, "--devices", "2", "--steps", "100000"]
    with Path("errors").open("w") as errors:
        run = start(*several, "--out", "run", "--json", stderr=errors)
        next(line for line in map(json.loads, run.stdout) if line["event"] == "step")
        (follower,) = psutil.Process(run.pid).children()
        follower.kill()
        run.communicate(timeout=60)
    assert run.returncode == 1
    assert "the processes have lost one another" in Path("errors").read_text()
    assert "--resume goes on" in Path("errors").read_text()


def _lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
