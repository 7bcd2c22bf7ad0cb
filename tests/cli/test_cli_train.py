"""From a folder of clean images to a weight set that is used and measured."""

import json
import signal
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
from material import ENVIRONMENT, command, noise_image
from PIL import Image
from safetensors.numpy import load_file
from training_pictures import QUICK, write_pictures


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """A folder of three smooth pictures, a broken and a small one."""
    monkeypatch.chdir(tmp_path)
    folder = write_pictures(Path("clean"))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    Image.fromarray(noise_image(8, 8)).save(folder / "tiny.png")
    return folder


def test_a_trained_run_is_a_weight_set_that_denoises(imgclean, clean):
    run = imgclean(
        *("train", "--model", "dncnn", "--data", "clean", "--steps", "400", "--out", "runs/mine"),
        *("--validate", "clean", *QUICK, "--json"),
        *("--set", "optimiser.lr=5e-3", "--set", "options.initialisation=dirac"),
    )
    assert run.code == 0, run.stderr
    assert "broken.png" in run.stderr
    assert "tiny.png" in run.stderr
    last = run.events("step")[-1]
    assert (last["step"], last["share"]) == (400, 1.0)
    config = json.loads(Path("runs/mine/config.json").read_text())
    assert config["name"] == "dncnn-mine"
    assert config["provenance"]["images"] == 3
    assert config["provenance"]["data"] == ["clean"]
    assert [each["degradation"] for each in config["results"]] == [
        "gaussian:15",
        "gaussian:25",
        "gaussian:50",
    ]
    assert all(each["psnr"] > each["input_psnr"] for each in config["results"][1:])
    card = Path("runs/mine/README.md").read_text()
    assert str(Path.cwd()) not in card
    assert f"{config['results'][0]['psnr']:.2f}" in card
    measured = imgclean(
        *("evaluate", "clean", "--weights", "runs/mine/", "--noise", "gaussian:50", "--json")
    )
    (line,) = measured.events("evaluated")
    assert line["psnr"] == pytest.approx(config["results"][2]["psnr"])
    assert imgclean("denoise", "clean/0.png", "--weights", "runs/mine/").code == 0


def test_a_plugins_recipe_can_be_trained_and_overridden(imgclean, clean):
    run = imgclean(
        *("train", "dncnn/colour-blind", "--data", "clean", "--steps", "2", "--out", "run"),
        *("--set", "options.depth=3", "--set", "patch=16"),
    )
    assert run.code == 0, run.stderr
    recipe = tomllib.loads(Path("run/recipe.toml").read_text())
    assert recipe["options"] == {
        "channels": 3,
        "batch_norm": False,
        "initialisation": "dirac",
        "depth": 3,
    }
    assert (recipe["batch"], recipe["budget"]["steps"]) == (4, 2)
    unknown = imgclean("train", "dncnn/color-blind", "--data", "clean", "--out", "other")
    assert unknown.code == 2
    assert "did you mean dncnn/colour-blind" in unknown.stderr


def test_a_set_of_another_model_to_begin_from_is_refused_by_name(imgclean, clean):
    init = ("--init", "dncnn-gray-25", "--data", "clean", "--out", "run")
    run = imgclean("train", "udncnn/one-shot", *init)
    assert run.code == 2
    assert "holds weights of dncnn, but the model is dnresnet" in run.stderr
    assert not Path("run").exists()


def test_a_recipe_file_is_read_and_its_mistakes_are_listed(imgclean, clean):
    Path("mine.toml").write_text('model = "dncnn"\npatch = "big"\ncolor = 1\n')
    run = imgclean("train", "mine.toml", "--data", "clean", "--out", "run")
    assert run.code == 2
    assert "patch" in run.stderr
    assert "color" in run.stderr
    Path("mine.toml").write_text("model = ")
    assert "is not TOML" in imgclean("train", "mine.toml", "--data", "clean", "--out", "r").stderr


def test_training_can_begin_from_a_weight_set_and_the_card_says_so(imgclean, clean):
    settings = ["train", "--model", "dncnn", "--data", "clean", *QUICK]
    assert imgclean(*settings, "--steps", "30", "--out", "first").code == 0
    tuned = ["--init", "first/", "--set", "optimiser.lr=1e-9", "--steps", "2", "--out", "second"]
    assert imgclean(*settings, *tuned).code == 0
    first, second = (load_file(f"{name}/model.safetensors") for name in ("first", "second"))
    for name, tensor in first.items():
        if "running" not in name:
            np.testing.assert_allclose(second[name], tensor, atol=1e-6)
    provenance = json.loads(Path("second/config.json").read_text())["provenance"]
    assert (provenance["steps"], provenance["begun_from"]["steps"]) == (2, 30)
    assert "## Before that" in Path("second/README.md").read_text()
    assert imgclean("train", "--out", "second", "--resume", "--steps", "3").code == 0
    other = imgclean(*settings, "--init", "first/", "--set", "options.depth=5", "--out", "third")
    assert other.code == 1
    assert "does not fit dncnn" in other.stderr
    missing = imgclean(*settings, "--init", "nowhere/", "--out", "third")
    assert missing.code == 2
    assert not Path("third/config.json").exists()


def test_gray_training_makes_a_gray_set(imgclean, clean):
    run = imgclean(
        *("train", "--model", "dncnn", "--data", "clean", "--steps", "3", "--out", "g"),
        *("--colour", "gray", *QUICK, "--quiet"),
    )
    assert run.code == 0, run.stderr
    config = json.loads(Path("g/config.json").read_text())
    assert (config["channels"], config["options"]["channels"]) == (1, 1)
    assert config["name"] == "dncnn-g"


def test_an_interrupted_training_resumes_to_the_same_weights(imgclean, clean):
    settings = ["train", "--model", "dncnn", "--data", "clean", "--steps", "400", *QUICK]
    assert imgclean(*settings, "--out", "whole").code == 0
    run = subprocess.Popen(
        command(*settings, "--out", "torn", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        text=True,
    )
    step = next(line["step"] for line in map(json.loads, run.stdout) if line["event"] == "step")
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    assert run.returncode == 130
    assert 0 < step < 400
    assert not Path("torn/config.json").exists()
    again = imgclean(*settings, "--out", "torn")
    assert again.code == 2
    assert "--resume" in again.stderr
    assert imgclean("train", "--out", "torn", "--resume").code == 0
    whole, torn = (Path(name, "model.safetensors").read_bytes() for name in ("whole", "torn"))
    assert whole == torn


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--data", "clean"], 2, "--model is missing"),
        (["--model", "dncnn"], 2, "nothing to train on"),
        (["--model", "dncnn", "--data", "nowhere"], 2, "nowhere does not exist"),
        (["--model", "dncnn", "--data", "clean", "--validate", "gone"], 2, "gone does not exist"),
        (["--model", "dncnn", "--data", "clean", "--minutes", "0"], 2, "budget.minutes"),
        (["--model", "dncnn", "--data", "hollow"], 1, "no usable image"),
        (["--model", "dncnn", "--data", "clean", "--noise", "salt"], 2, "noise"),
        (["--model", "dncnn", "--data", "clean", "--set", "lr=1"], 2, "lr: Extra inputs"),
        (["--model", "dncnn", "--data", "clean", "--set", "options.deep=9"], 2, "deep"),
        (["--model", "dncnn", "--data", "clean", "--set", "nonsense"], 2, "key=value"),
        (["--model", "dncnn", "--data", "clean", "--set", "options.channels=2"], 2, "2 channels"),
    ],
)
def test_what_cannot_be_trained_is_said_before_any_work(imgclean, clean, arguments, code, expected):
    Path("hollow").mkdir()
    budget = [] if "--minutes" in arguments else ["--steps", "1"]
    run = imgclean("train", *arguments, "--out", "run", *budget)
    assert run.code == code
    assert expected in run.stderr
    assert not Path("run").exists()


def test_a_resume_refuses_other_settings_but_takes_a_larger_budget(imgclean, clean):
    settings = ["train", "--model", "dncnn", "--data", "clean", "--out", "run", *QUICK]
    assert imgclean(*settings, "--steps", "3").code == 0
    other = imgclean("train", "--out", "run", "--resume", "--noise", "gaussian:9")
    assert other.code == 2
    assert "noise differs" in other.stderr
    assert imgclean("train", "--out", "run", "--resume", "--steps", "5").code == 0
    assert json.loads(Path("run/config.json").read_text())["provenance"]["steps"] == 5


def test_a_run_folder_that_cannot_be_written_is_one_line(imgclean, clean):
    Path("taken").write_text("a file, not a folder")
    run = imgclean(
        *("train", "--model", "dncnn", "--data", "clean", "--steps", "2", "--out", "taken/run")
    )
    assert run.code == 1
    assert "taken/run: cannot be written: not a directory" in run.stderr
    assert "internal error" not in run.stderr


@pytest.mark.parametrize("options", [[], ["--resume"]], ids=["fresh", "resume"])
def test_a_folder_with_files_that_are_no_runs_is_not_trained_into(imgclean, clean, options):
    Path("project").mkdir()
    Path("project/README.md").write_text("mine")
    run = imgclean(
        *("train", "--model", "dncnn", "--data", "clean", "--steps", "1", "--out", "project"),
        *options,
    )
    assert run.code == 2
    assert "README.md, which one would replace" in run.stderr
    assert [each.name for each in Path("project").iterdir()] == ["README.md"]
    assert Path("project/README.md").read_text() == "mine"


def test_a_second_run_does_not_write_into_the_folder_of_one_that_goes_on(imgclean, clean):
    settings = ["train", "--model", "dncnn", "--data", "clean", "--steps", "100000", *QUICK]
    run = subprocess.Popen(
        command(*settings, "--out", "run", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        text=True,
    )
    next(line for line in map(json.loads, run.stdout) if line["event"] == "step")
    second = imgclean("train", "--out", "run", "--resume")
    run.kill()
    run.communicate()
    assert second.code == 2
    assert "another run is writing to run" in second.stderr
    assert imgclean("train", "--out", "run", "--resume", "--steps", "1").code == 0
