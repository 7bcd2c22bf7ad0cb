"""Several devices: a worker process each, and what becomes of a run that loses some."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile
from material import ENVIRONMENT, command, noise_image
from PIL import Image

DEADLY = str(Path(__file__).parents[1] / "deadly")
PATH = os.pathsep.join(filter(None, (DEADLY, os.environ.get("PYTHONPATH"))))
SETTINGS = {"PYTHONPATH": PATH, "DEADLY_SECONDS": "0.1"}
ON_TWO = ["--device", "cpu,cpu", "--model", "deadly", "--no-provenance", "--json"]
FILES = 24
_PATIENCE = 90  # seconds until a run that hangs is ended


@pytest.fixture
def album(tmp_path, monkeypatch):
    """A folder of small images."""
    monkeypatch.chdir(tmp_path)
    folder = Path("album")
    folder.mkdir()
    for index in range(FILES):
        Image.fromarray(noise_image(seed=index)).save(folder / f"{index:02}.png")
    return folder


class Run:
    """A run under way, as the leader of a process group of its own."""

    def __init__(self, *arguments):
        self._process = subprocess.Popen(
            command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT | SETTINGS,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        self._guard = threading.Timer(_PATIENCE, self._process.kill)
        self._guard.daemon = True
        self._guard.start()

    def wait_for_files(self, count):
        while sum(line["event"] == "done" for line in self.lines) < count:
            self.lines.append(json.loads(self._process.stdout.readline()))

    def workers(self):
        children = psutil.Process(self._process.pid).children()
        return [each for each in children if "spawn_main" in " ".join(each.cmdline())]

    def send(self, number):
        self._process.send_signal(number)

    def send_to_all(self, number):
        os.killpg(self._process.pid, number)

    def end(self):
        """Return the exit code, once nobody writes to stdout any more."""
        self.lines += map(json.loads, self._process.stdout)
        self._process.stdout.close()
        self._guard.cancel()
        return self._process.wait(30)

    def count(self, event):
        return Counter(line["input"] for line in self.lines if line["event"] == event)


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def originals(folder):
    return {path.name: pixels(path) for path in Path(folder).iterdir() if path.is_file()}


def assert_each_is_inverted_once(folder, before):
    after = originals(folder)
    assert after.keys() == before.keys()
    for name, samples in before.items():
        assert (after[name] == 255 - samples).all(), f"{name} was not cleaned exactly once"


def is_over(process):
    """Whether a process computes no more; in a container nobody may collect it."""
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def wait_until_over(processes, seconds=5.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until and not all(map(is_over, processes)):
        time.sleep(0.02)
    assert all(map(is_over, processes))


def parts(folder):
    return list(Path(folder).rglob("*.part"))


def test_two_workers_write_what_one_process_writes_and_report_each_file_once(
    imgclean, album, small_set
):
    stack = np.stack([noise_image(dtype=np.uint16, channels=1, seed=n)[..., 0] for n in range(3)])
    tifffile.imwrite(album / "stack.tif", stack, photometric="minisblack")
    (album / "torn.png").write_bytes((album / "00.png").read_bytes()[:-3000])
    images = ["denoise", "album", "--weights", small_set, "--sigma", "80"]
    one = imgclean(*images, "-o", "one", "--device", "cpu", "--json")
    two = imgclean(*images, "-o", "two", "--device", "cpu,cpu", "--json")
    assert (one.code, two.code) == (3, 3)
    kinds = {line["input"]: line["event"] for line in one.lines if line.get("input")}
    assert Counter(kinds.values()) == {"done": FILES + 1, "failed": 1}
    ended = [line for line in two.lines if line["event"] in ("done", "failed")]
    assert sorted((line["input"], line["event"]) for line in ended) == sorted(kinds.items())
    assert {line["input"] for line in two.events("failed")} == {"album/torn.png"}
    summaries = [run.lines[-1] | {"seconds": 0} for run in (one, two)]
    assert summaries[0] == summaries[1]
    written = [
        {path.name: path.read_bytes() for path in Path(name).iterdir() if path.is_file()}
        for name in ("one", "two")
    ]
    assert written[0] == written[1]
    warnings = [[line["message"] for line in run.events("warning")] for run in (one, two)]
    assert sorted(set(warnings[0])) == sorted(warnings[1]), "each is said, and once"
    assert two.stderr.count("for colour images, on 2 x cpu") == 1


def test_the_files_of_a_killed_worker_are_done_by_the_other_and_none_twice(album):
    before = originals("album")
    run = Run("denoise", "album", "--in-place", *ON_TWO)
    run.wait_for_files(2)
    run.workers()[0].kill()
    assert run.end() == 0
    ended = run.count("done") + run.count("skipped")  # written, and lost before it said so
    assert ended == dict.fromkeys((f"album/{name}" for name in before), 1)
    (warning,) = [line for line in run.lines if line["event"] == "warning"]
    assert warning["error"] == "WorkerLost"
    assert "was killed by SIGKILL" in warning["message"]
    assert_each_is_inverted_once("album", before)
    assert not parts("album")


def test_a_file_that_ends_two_workers_fails_alone(imgclean, album):
    before = originals("album")
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save("album/03.png")
    del before["03.png"]
    run = imgclean("denoise", "album", "-o", "out", *ON_TWO, env=SETTINGS)
    assert run.code == 3
    (failed,) = run.events("failed")
    assert (failed["input"], failed["error"]) == ("album/03.png", "WorkerLost")
    assert "ended with exit code 9" in run.events("warning")[0]["message"]
    assert len(run.events("warning")) == 2
    assert len(run.events("done")) == FILES - 1
    assert_each_is_inverted_once("out", before)


def test_where_no_worker_lives_the_files_fail_and_the_run_ends(imgclean, album):
    for path in album.iterdir():
        Image.fromarray(np.full((40, 50, 3), 255, np.uint8)).save(path)
    run = imgclean("denoise", "album", "-o", "out", *ON_TWO, env=SETTINGS)
    assert run.code == 4
    assert Counter(line["error"] for line in run.events("failed")) == {"WorkerLost": FILES}
    assert len({line["input"] for line in run.events("failed")}) == FILES
    warnings = [line["message"] for line in run.events("warning")]
    assert len(warnings) == 4, "two workers on each device"
    assert all("the worker on cpu failed: SystemExit: white" in text for text in warnings)
    assert "no worker is left" in run.stderr


def test_the_workers_of_a_killed_run_end_and_a_resume_finishes_it(imgclean, album):
    before = originals("album")
    run = Run("denoise", "album", "-o", "out", *ON_TWO)
    run.wait_for_files(3)
    workers = run.workers()
    assert len(workers) == 2
    run.send(signal.SIGKILL)
    run.end()
    wait_until_over(workers)
    for name, samples in originals("out").items():
        if not name.endswith(".part"):
            assert (samples == 255 - before[name]).all()
    on_one = ["--device", "cpu", *ON_TWO[2:]]
    resumed = imgclean("denoise", "album", "-o", "out", *on_one, "--resume", env=SETTINGS)
    assert resumed.code == 0
    assert resumed.lines[-1]["skipped"] >= 3
    assert resumed.lines[-1]["skipped"] + resumed.lines[-1]["done"] == FILES
    assert_each_is_inverted_once("out", before)


def test_a_run_that_a_terminal_interrupts_with_all_its_workers_ends_in_order(album):
    run = Run("denoise", "album", "-o", "out", *ON_TWO)
    run.wait_for_files(3)
    workers = run.workers()
    run.send_to_all(signal.SIGINT)
    assert run.end() == 130
    wait_until_over(workers)
    assert not run.count("warning")
    assert run.lines[-1]["event"] == "summary"
    assert run.lines[-1]["done"] == len(run.count("done")) < FILES
    assert {f"album/{name}" for name in originals("out")} == run.count("done").keys()
    assert not parts("out")


def test_what_is_wrong_with_the_weights_ends_the_run_before_anything_is_written(
    imgclean, album, tmp_path, small_set
):
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    for path in Path(small_set).iterdir():
        (spoilt / path.name).write_bytes(path.read_bytes())
    with (spoilt / "model.safetensors").open("ab") as stream:
        stream.write(b"more")
    run = imgclean("denoise", "album", "-o", "out", "--device", "cpu,cpu", "--weights", spoilt)
    assert run.code == 1
    assert run.stderr.startswith("error: ")
    assert "model.safetensors" in run.stderr
    assert not Path("out").exists()


def test_what_the_first_image_shows_to_be_wrong_with_the_run_ends_it(imgclean, album):
    run = imgclean(
        *("denoise", "album", "-o", "out", "--device", "cpu,cpu", "--model", "dncnn", "--json"),
        *("--backend", "compile"),
        env={"CXX": shutil.which("false")},
    )
    assert run.code == 2
    assert "error: the network cannot be compiled: " in run.stderr
    assert [line["event"] for line in run.lines if line["event"] != "warning"] == ["summary"]
    assert not originals("out")


def test_an_evaluation_refuses_several_devices(imgclean, album):
    run = imgclean("evaluate", "album", "--noise", "gaussian:25", "--device", "cpu,cpu")
    assert run.code == 2
    assert run.stderr.startswith("error: 'cpu,cpu' names several devices")
