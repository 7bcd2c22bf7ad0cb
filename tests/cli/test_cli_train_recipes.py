"""Recipes as users write them: shown, in stages, on pairs, with something held out."""

import csv
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from training_pictures import QUICK, write_pairs, write_pictures


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config_of(run):
    return json.loads(Path(run, "config.json").read_text())


def test_a_shown_recipe_can_be_trained_as_a_file(imgclean, folder):
    write_pictures(folder / "clean")
    shown = imgclean("train", "dncnn/gray-blind", "--show", "--steps", "2", *QUICK)
    assert shown.code == 0, shown.stderr
    recipe = tomllib.loads(shown.stdout)
    assert (recipe["options"]["depth"], recipe["budget"]["steps"]) == (4, 2)
    Path("mine.toml").write_text(shown.stdout)
    run = imgclean("train", "mine.toml", "--data", "clean", "--out", "run")
    assert run.code == 0, run.stderr
    assert tomllib.loads(Path("run/recipe.toml").read_text())["options"] == recipe["options"]


def test_showing_a_recipe_writes_nothing_and_needs_no_data(imgclean, folder):
    shown = imgclean("train", "--model", "dncnn", "--show", "--set", "optimiser.lr=5e-4")
    assert shown.code == 0, shown.stderr
    assert tomllib.loads(shown.stdout)["optimiser"]["lr"] == 5e-4
    assert list(folder.iterdir()) == []


def test_three_mistakes_in_a_recipe_are_listed_at_once(imgclean, folder):
    Path("mine.toml").write_text(
        'model = "dncnn"\npatsh = 1\n[optimiser]\nlr = "x"\nmomentum = 1\n'
    )
    run = imgclean("train", "mine.toml", "--data", ".", "--out", "run")
    assert run.code == 2
    for mistake in ("patsh: ", "optimiser.lr: ", "optimiser.momentum: "):
        assert mistake in run.stderr


STAGES = """
model = "dncnn"
noise = "gaussian:25"
patch = 16
batch = 4
[options]
width = 8
batch_norm = false
[budget]
steps = 30
[[stages]]
name = "base"
options = { depth = 3 }
[[stages]]
name = "frozen"
share = 2.0
freeze = ["layers.0.*"]
options = { depth = 4 }
loss = [{ kind = "l1" }, { kind = "gradient", weight = 0.1 }]
"""


def test_stages_inherit_freeze_and_share_the_budget(imgclean, folder):
    write_pictures(folder / "clean")
    Path("staged.toml").write_text(STAGES)
    run = imgclean(
        "train", "staged.toml", "--data", "clean", "--out", "run", "--threads", "1", "--json"
    )
    assert run.code == 0, run.stderr
    last = {line["stage"]: line["step"] for line in run.events("step")}
    assert last == {"base": 10, "frozen": 20}
    before = load_file("run/stages/1-base/model.safetensors")
    after = load_file("run/model.safetensors")
    np.testing.assert_array_equal(before["layers.0.weight"], after["layers.0.weight"])
    assert (before["layers.2.weight"] != after["layers.2.weight"]).any()
    assert config_of("run")["options"]["depth"] == 4
    assert config_of("run/stages/1-base")["options"]["depth"] == 3
    spent = [config_of(each)["provenance"]["steps"] for each in ("run/stages/1-base", "run")]
    assert spent[0] < spent[1] == 30
    card = Path("run/README.md").read_text()
    assert "base" in card
    assert "frozen" in card
    assert imgclean("denoise", "clean/0.png", "-w", "run/stages/1-base").code == 0


def test_a_resume_by_the_same_recipe_keeps_the_budget_of_the_run(imgclean, folder):
    write_pictures(folder / "clean")
    Path("mine.toml").write_text('model = "dncnn"\n[budget]\nminutes = 90.0\n')
    train = ["train", "mine.toml", "--data", "clean", "--out", "run", *QUICK]
    assert imgclean(*train, "--steps", "3").code == 0
    assert imgclean(*train, "--resume", timeout=60).code == 0
    budget = tomllib.loads(Path("run/recipe.toml").read_text())["budget"]
    assert budget == {"steps": 3}


def test_a_stage_begins_from_the_one_before_or_fresh_or_from_a_weight_set(imgclean, folder):
    """With a rate of nearly nothing, weights stay where they began."""
    write_pictures(folder / "clean")
    slow = ["--set", "optimiser.lr=1e-9", "--set", "optimiser.name='adamw'", "--steps", "8"]
    stages = (
        '[{name="a"}, {name="b"}, {name="c", init="fresh"}, {name="d", init="run0/stages/1-a"}]'
    )
    train = ["train", "--model", "dncnn", "--data", "clean", *QUICK, *slow]
    first = imgclean(*train, "--set", 'stages=[{name="a"}]', "--out", "run0", "--set", "seed=9")
    assert first.code == 0, first.stderr
    run = imgclean(*train, "--set", f"stages={stages}", "--out", "run")
    assert run.code == 0, run.stderr

    def weight(path):
        return load_file(f"{path}/model.safetensors")["layers.0.weight"]

    a, b, c, d = (weight(f"run/stages/{name}") for name in ("1-a", "2-b", "3-c", "4-d"))
    np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(d, weight("run0"), atol=1e-6)
    assert abs(a - c).max() > 0.01
    assert abs(c - d).max() > 0.01


def test_pairs_teach_what_no_added_noise_did_and_the_held_out_scenes_show_it(imgclean, folder):
    write_pairs(folder / "pairs")
    run = imgclean(
        *("train", "--model", "dncnn", "--pairs", "pairs", "pairs", "--match", "s/_mean/_real/"),
        *("--hold-out", "chair_*", "--steps", "250", "--out", "run", *QUICK),
        *("--set", "options.batch_norm=false", "--set", "options.initialisation=dirac"),
    )
    assert run.code == 0, run.stderr
    config = config_of("run")
    assert (config["noise"], config["provenance"]["images"]) == ("pairs", 3)
    (result,) = config["results"]
    assert (result["degradation"], result["images"]) == ("pairs", 3)
    assert result["psnr"] > result["input_psnr"] + 1
    card = Path("run/README.md").read_text()
    assert str(folder) not in card
    with Path("run/log.csv").open() as file:
        assert any(row["validation_psnr"] for row in csv.DictReader(file))
    noisy = next(Path("run/pictures").glob("*chair_0_mean.png"))
    with Image.open(noisy) as picture:
        assert picture.width > 3 * 80


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--pairs", "pairs", "pairs"], 2, "--match"),
        (["--pairs", "pairs", "pairs", "--match", "x"], 2, "s/"),
        (["--pairs", "pairs", "pairs", "--match", "s/_a/_b/"], 1, "no pair"),
        (["--data", "pairs", "--pairs", "pairs", "pairs"], 2, "--data and --pairs"),
        (["--data", "pairs", "--match", "s/a/b/"], 2, "match is for pairs"),
        (["--data", "pairs", "--hold-out", "*"], 1, "every image is held out"),
        (["--data", "pairs", "--hold-out", "zebra*"], 1, "no image is held out"),
        (["--data", "pairs", "--devices", "0"], 2, "--devices"),
        (["--data", "pairs", "--epochs", "1", "--steps", "3"], 2, "either steps, epochs or"),
    ],
)
def test_pairs_that_cannot_be_are_one_line(imgclean, folder, arguments, code, expected):
    write_pairs(folder / "pairs")
    run = imgclean("train", "--model", "dncnn", *arguments, "--out", "run")
    assert (run.code, expected in run.stderr) == (code, True), run.stderr
    assert not Path("run").exists()


def test_a_weight_set_to_begin_from_brings_its_model_its_options_and_its_noise(imgclean, folder):
    write_pictures(folder / "clean")
    first = ["train", "--model", "dncnn", "--data", "clean", "--steps", "2", *QUICK]
    assert imgclean(*first, "--noise", "gaussian:9", "--out", "first").code == 0
    run = imgclean(
        "train", "--init", "first/", "--data", "clean", "--steps", "2", "--out", "second"
    )
    assert run.code == 0, run.stderr
    assert config_of("second")["options"] == config_of("first")["options"]
    assert config_of("second")["noise"] == "gaussian:9"
