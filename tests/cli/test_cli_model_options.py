"""`--set` of the commands that use a model."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch
from material import noise_image, write_small_set
from PIL import Image
from torch.nn.init import zeros_

import imgclean as package
from imgclean import cli
from imgclean.cli.assignments import model_options
from imgclean.errors import InvalidSetting
from imgclean.evaluation import bench
from imgclean.evaluation.bench_case import Measured
from imgclean.extension.loader import load_plugins
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.denoiser import Denoiser


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """Run the command line in this process, which has torch; give code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMGCLEAN_CONFIG", "")

    def run(command, *arguments):
        given = ["imgclean", command, *map(str, arguments), "--device", "cpu"]
        monkeypatch.setattr(sys, "argv", given)
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def album(tmp_path):
    """A folder of two small images."""
    folder = tmp_path / "album"
    folder.mkdir()
    for index in range(2):
        Image.fromarray(noise_image(seed=index)).save(folder / f"{index}.png")
    return folder


@pytest.fixture
def black_set(tmp_path):
    """A set that finds no noise; used with residual=false, its image is black."""
    return write_small_set(
        tmp_path / "black", spoil=lambda network: [zeros_(each) for each in network.parameters()]
    )


def test_every_worker_of_a_run_gets_the_option_and_python_gives_the_same(
    imgclean, album, small_set
):
    set_option = ["--weights", small_set, "--set", "residual=false", "--precision", "fp32"]
    run = imgclean("denoise", album, *set_option, "--device", "cpu,cpu", "--threads", "1")
    assert run.code == 0, run.stderr
    assert "dncnn with dncnn-small (gaussian:0-55), residual=false for colour images" in run.stderr
    for index in range(2):
        options = {"residual": False}
        by_python = package.denoise(
            noise_image(seed=index), weights=str(small_set), options=options, precision="fp32"
        )
        with Image.open(f"album-clean/{index}.png") as clean:
            np.testing.assert_array_equal(np.asarray(clean), by_python)


@pytest.mark.parametrize(
    ("option", "code", "message"),
    [
        ("atention=local", 2, "error: dncnn has no option 'atention'"),
        ("depth=5", 1, "error: dncnn-small does not fit dncnn with depth=5: it lacks "),
    ],
)
@pytest.mark.parametrize("command", ["denoise", "evaluate", "bench"])
def test_an_option_that_cannot_be_set_is_one_line_and_an_exit_code(
    here, album, small_set, command, option, code, message
):
    what = {"denoise": [album], "evaluate": [album, "--noise", "gaussian:5"], "bench": []}[command]
    ended, stdout, stderr = here(command, *what, "--weights", small_set, "--set", option)
    assert (ended, stdout) == (code, "")
    error, hint = stderr.splitlines()
    assert error.startswith(message)
    assert "options" in hint or "training" in hint
    assert not album.with_name("album-clean").exists()


def test_a_model_is_measured_with_the_option(here, album, black_set):
    used = ["--weights", black_set, "--set", "residual=false"]
    code, stdout, _ = here("evaluate", album, "--noise", "gaussian:5", *used, "--json")
    images = [noise_image(seed=index) / 255 for index in range(2)]
    black = np.mean([-10 * np.log10(np.mean(image**2)) for image in images])
    assert code == 0
    assert json.loads(stdout)["psnr"] == pytest.approx(black, abs=0.01)


def test_a_model_is_timed_with_the_option(here, black_set, monkeypatch):
    timed = []

    def in_this_process(measure, case, emit):
        info = load_plugins().model(case.model).info
        denoiser = Denoiser(info, case.weights, case.settings, torch.device("cpu"))
        image = np.ones((3, 8, 8), np.float32)
        sink = ArraySink(image.shape)
        denoiser.denoise(ArrayRaster(image), sink, dtype=image.dtype)
        timed.append(sink.values.max())
        return Measured(seconds=1.0, matrix_rate=1.0, memory=1.0)

    monkeypatch.setattr(bench, "run_fresh", in_this_process)
    used = ["--weights", black_set, "--set", "residual=false", "--precision", "fp32"]
    code, stdout, _ = here("bench", *used, "--size", "32", "--json")
    assert code == 0
    assert json.loads(stdout)["psnr"] < 10  # of a black image; the noisy one has 20
    assert timed == [0]


def test_values_are_tomls_or_else_text_and_the_last_one_counts():
    texts = ["crop=64", "crop=80", "attention=local", "batch_norm=false", "naive_options.depth=5"]
    assert model_options(texts) == {
        "crop": 80,
        "attention": "local",
        "batch_norm": False,
        "naive_options": {"depth": 5},
    }
    assert model_options(None) == {}


def test_a_text_that_sets_nothing_is_refused_with_an_example():
    with pytest.raises(InvalidSetting, match="'attention' is not key=value") as caught:
        model_options(["attention"])
    assert "attention=local" in caught.value.hint
