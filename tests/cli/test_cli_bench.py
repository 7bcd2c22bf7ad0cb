"""`imgclean bench`: what models take on this machine."""

import os
import re
import signal
import subprocess

import psutil
import pytest
import torch
from material import ENVIRONMENT, IDENTITY, command, write_small_set

from imgclean.inference.device import has_bf16

QUICK = ("--rounds", "1", "--threads", "1")
PRECISIONS = ["fp32", "bf16"] if has_bf16(torch.device("cpu")) else ["fp32"]


def test_each_precision_has_a_line(imgclean, small_set):
    run = imgclean("bench", "--weights", small_set, "--size", "64", "--json", *QUICK)
    assert run.code == 0, run.stderr
    lines = run.lines
    assert {each["event"] for each in lines} == {"bench"}
    assert [each["precision"] for each in lines] == PRECISIONS
    for line in lines:
        assert (line["model"], line["weights"], line["device"]) == ("dncnn", "dncnn-small", "cpu")
        assert (line["width"], line["height"]) == (64, 64)
        assert line["multiplications_per_pixel"] == 3 * 4 * 9 + 4 * 4 * 9 + 4 * 3 * 9
        per_second = line["multiplications_per_pixel"] * 1e6 / (line["ms_per_megapixel"] / 1e3)
        assert line["rate"] == pytest.approx(2 * per_second / 1e9, abs=2e-3)
        assert line["share"] == pytest.approx(line["rate"] / line["matrix_rate"], abs=2e-3)
        assert 0 < line["peak_memory_mib"] < 200
        assert line["psnr_cost"] == pytest.approx(lines[0]["psnr"] - line["psnr"], abs=2e-4)


def test_people_get_a_table_on_stdout(imgclean, small_set):
    run = imgclean("bench", "--weights", small_set, "--size", "48", *QUICK, "--precision", "fp32")
    assert run.code == 0, run.stderr
    assert re.search(r"dncnn-small +fp32 +48 ", run.stdout)
    assert "1 threads, torch" in run.stdout


def test_without_a_name_every_model_is_measured_that_can_be_used(imgclean):
    path = os.pathsep.join([IDENTITY, os.environ.get("PYTHONPATH", "")])
    env = {"PYTHONPATH": path, "IMGCLEAN_PLUGINS": "identity"}
    run = imgclean("bench", "--size", "64", "--json", *QUICK, env=env)
    assert run.code == 0, run.stderr
    assert [each["model"] for each in run.lines] == ["identity"] * len(PRECISIONS)
    for line in run.lines:
        assert line["psnr"] == pytest.approx(20.7, abs=0.3)  # clipped
        assert (line["multiplications_per_pixel"], line["share"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no model is named 'nothing'"),
        (["dncnn", "--precision", "fp16"], "dncnn is not safe in fp16"),
        (["--weights", "nowhere/"], "nowhere/ does not exist"),
        (["--tile", "large"], "--tile large"),
        (["--size", "8"], "greater than or equal to 16"),
    ],
)
def test_what_cannot_be_is_refused(imgclean, arguments, message):
    run = imgclean("bench", *arguments)
    assert run.code == 2
    assert message in run.stderr
    assert run.stdout == ""


def test_a_line_that_cannot_be_measured_leaves_the_others(imgclean, small_set, tmp_path):
    def spoil(network):
        torch.nn.init.constant_(network.layers[0].weight, torch.nan)

    bad = write_small_set(tmp_path / "bad", spoil=spoil)
    arguments = "bench", "--weights", bad, "--size", "32", "--precision", "fp32", "--json", *QUICK
    both = imgclean(*arguments, "--weights", small_set)
    assert both.code == 3, both.stderr
    failed, done = both.lines
    assert (failed["event"], failed["error"]) == ("failed", "NonFiniteOutput")
    assert failed["input"] == "dncnn-bad fp32 32x32"
    assert (done["event"], done["weights"]) == ("bench", "dncnn-small")
    alone = imgclean(*arguments)
    assert alone.code == 4


def test_ctrl_c_leaves_what_was_finished_and_no_process(small_set, tmp_path):
    sizes = "--size", "32", "--size", "3000", "--rounds", "1"
    run = subprocess.Popen(
        command("bench", "--weights", small_set, *sizes, "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
        cwd=tmp_path,
    )
    assert '"width": 32' in run.stdout.readline()
    started = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130, errors
    assert "Traceback" not in errors
    assert not psutil.wait_procs(started, timeout=10)[1]


def test_a_backend_that_is_not_there_is_refused(imgclean, small_set, tmp_path):
    empty = {"PATH": str(tmp_path), "CXX": ""}
    run = imgclean("bench", "--weights", small_set, "--backend", "compile", *QUICK, env=empty)
    assert run.code == 2, run.stderr
    assert "no compiler for cpu was found" in run.stderr
