"""`imgclean evaluate --measure`: how an image looks, beside PSNR and SSIM."""

import csv
import io
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from material import LPIPS_STAND_IN, noise_image
from PIL import Image

CHEAP = ("--threads", "1")
NOISE = ("--noise", "gaussian:25")
FIGURES = ("blur", "clean_blur", "lpips", "input_lpips")


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder of two pictures, one of them too small for LPIPS."""
    monkeypatch.chdir(tmp_path)
    folder = Path("pictures")
    folder.mkdir()
    for name, side in (("large", 48), ("small", 24)):
        Image.fromarray(noise_image(side, side)).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def with_lpips(tmp_path):
    """The environment in which what stands in for the extra is installed, and has its weights."""
    place = tmp_path / "torch" / "hub" / "checkpoints" / "alexnet-owt-00000000.pth"
    place.parent.mkdir(parents=True)
    torch.save({"a": torch.zeros(1)}, place)
    path = os.pathsep.join([LPIPS_STAND_IN, os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": path, "TORCH_HOME": str(tmp_path / "torch")}


def given(line):
    return {name for name in FIGURES if line[name] is not None}


def test_figures_stand_in_json_where_they_were_asked_for(imgclean, pictures, small_set):
    arguments = ("evaluate", pictures, "--weights", small_set, *NOISE, "--json", *CHEAP)
    (plain,) = imgclean(*arguments).events("evaluated")
    assert given(plain) == set()
    run = imgclean(*arguments, "--measure", "blur", "--per-image", "--regions")
    assert run.code == 0, run.stderr
    (line,) = run.events("evaluated")
    assert given(line) == {"blur", "clean_blur"}
    images = run.events("evaluated_image")
    assert np.mean([each["blur"] for each in images]) == pytest.approx(line["blur"], abs=1e-5)
    assert len(run.events("evaluated_regions")) == 4
    unlike = dict.fromkeys(("seconds", *FIGURES))
    assert plain | unlike == line | unlike


def test_real_pairs_are_measured_too_and_cleaning_adds_blur(imgclean, pictures):
    shutil.copytree(pictures, "noisy")
    run = imgclean(
        *("evaluate", pictures, "--noisy", "noisy", "--baseline", "nlm", "--measure", "blur"),
        *("--json", "--colour", "y", *CHEAP),
    )
    lines = {each["model"]: each for each in run.events("evaluated")}
    assert 0 < lines["nlm"]["clean_blur"] <= lines["nlm"]["blur"] < 1


def test_lpips_leaves_out_what_is_too_small_for_it(imgclean, pictures, small_set, with_lpips):
    arguments = ("evaluate", pictures, "--weights", small_set, *NOISE, *CHEAP)
    run = imgclean(*arguments, "--measure", "lpips", "--json", env=with_lpips)
    assert run.code == 0, run.stderr
    (line,) = run.events("evaluated")
    assert (line["images"], given(line)) == (1, {"lpips", "input_lpips"})
    (warning,) = run.events("warning")
    assert "smaller than 31 pixels" in warning["message"]
    crop = imgclean(*arguments, "--measure", "lpips", "--crop", 20, env=with_lpips)
    assert (crop.code, "it takes 31 or more" in crop.stderr) == (2, True)


def test_a_table_has_what_was_asked_for_and_fits_80_columns(
    imgclean, pictures, small_set, with_lpips
):
    arguments = ("evaluate", pictures, "--weights", small_set, *NOISE, "--noise", "jpeg:10")
    narrow = with_lpips | {"COLUMNS": "80"}
    plain = imgclean(*arguments, *CHEAP, env=narrow).stdout
    assert not re.search("blur|LPIPS", plain)
    blur = imgclean(*arguments, *CHEAP, "--measure", "blur", env=narrow).stdout
    assert re.search(r"PSNR +PSNR +SSIM +blur +blur", blur)
    both = (*arguments, *CHEAP, "--measure", "blur", "--measure", "lpips")
    assert re.search(r" PSNR +SSIM +blur +blur +LPIPS", imgclean(*both, env=narrow).stdout)
    for each in (plain, blur, imgclean(*both, "--per-image", env=narrow).stdout):
        assert max(map(len, each.splitlines())) <= 80
    wide = imgclean(*both, env=with_lpips).stdout
    assert re.search(r"SSIM +SSIM +blur +blur +LPIPS +LPIPS", wide)


def test_csv_and_markdown_have_the_figures_where_they_were_asked_for(imgclean, pictures, small_set):
    arguments = ("evaluate", pictures, "--weights", small_set, *NOISE, *CHEAP)
    plain, measured = (
        next(csv.DictReader(io.StringIO(imgclean(*arguments, "--csv", *more).stdout)))
        for more in ((), ("--measure", "blur", "--regions"))
    )
    names = list(measured)
    assert list(plain) == names[: len(plain)]
    assert names[len(plain) : len(plain) + 4] == list(FIGURES)
    assert 0 < float(measured["blur"]) < 1
    assert measured["lpips"] == ""
    table = imgclean(*arguments, "--markdown", "--measure", "blur").stdout
    assert "| SSIM | blur | clean blur |\n" in table


@pytest.mark.parametrize(
    ("name", "code", "message", "hint"),
    [
        ("blr", 2, "there is no measure 'blr'", "did you mean blur?"),
        ("lpips", 1, "nothing may be fetched: offline", "run it once without --offline"),
    ],
)
def test_what_cannot_be_measured_ends_the_run_before_anything_is(
    imgclean, pictures, with_lpips, tmp_path, name, code, message, hint
):
    env = with_lpips | {"TORCH_HOME": str(tmp_path / "elsewhere")}
    run = imgclean("--offline", "evaluate", pictures, *NOISE, "--measure", name, env=env)
    assert run.code == code
    assert run.stdout == ""
    assert message in run.stderr
    assert hint in run.stderr


def test_without_the_extra_lpips_says_what_installs_it(imgclean, pictures, tmp_path):
    (tmp_path / "gone" / "torchvision").mkdir(parents=True)
    (tmp_path / "gone" / "torchvision" / "__init__.py").write_text(
        "raise ModuleNotFoundError('no torchvision', name='torchvision')"
    )
    path = os.pathsep.join([str(tmp_path / "gone"), os.environ.get("PYTHONPATH", "")])
    run = imgclean("evaluate", pictures, *NOISE, "--measure", "lpips", env={"PYTHONPATH": path})
    assert run.code == 1
    assert "lpips needs the package torchvision" in run.stderr
    assert 'pip install "imgclean[lpips]"' in run.stderr
