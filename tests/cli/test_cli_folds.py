"""`imgclean train --folds`: from pairs to the means over all trials."""

import json
import tomllib
from pathlib import Path

import pytest
from training_pictures import QUICK, write_pairs

TRIALS = [f"run/repeat-{repeat}/fold-{fold}" for repeat in (1, 2) for fold in (1, 2)]
PAIRS = ["train", "--model", "dncnn", "--pairs", "pairs", "pairs", "--match", "s/_mean/_real/"]
SMALL = [*QUICK, "--set", "options.width=4", "--set", "data.exclude=['*_2_*']"]


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """Six pairs, of which four are taken."""
    monkeypatch.chdir(tmp_path)
    return write_pairs(Path("pairs"))


def test_folds_leave_a_weight_set_for_each_trial_and_their_means(imgclean, pairs):
    settings = [*PAIRS, *SMALL, "--steps", "4", "--folds", "2", "--repeats", "2", "--out", "run"]
    run = imgclean(*settings, "--json")
    assert run.code == 0, run.stderr
    lines, (means,) = run.events("evaluated_fold"), run.events("evaluated_folds")
    assert [(each["repeat"], each["fold"]) for each in lines] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [each["folder"] for each in run.events("trial")] == TRIALS
    assert all((each["training_images"], each["test_images"]) == (2, 2) for each in lines)
    mean = sum(each["test_psnr"] for each in lines) / 4
    assert means["test_psnr"] == pytest.approx(mean, abs=1e-4)
    content = json.loads(Path("run/folds.json").read_text())
    assert content["means"] == [{k: v for k, v in means.items() if k != "event"}]
    for each in TRIALS:
        assert json.loads(Path(each, "config.json").read_text())["results"][0]["images"] == 2
    stored = tomllib.loads(Path("run/repeat-2/fold-1/recipe.toml").read_text())
    assert stored["folds"] == {"count": 2, "repeats": 2, "repeat": 2, "number": 1}
    assert stored["budget"] == {"steps": 4}

    again = imgclean("train", "--out", "run", "--resume")
    assert again.code == 0, again.stderr
    assert "trial 1 of" not in again.stderr
    assert f"{means['test_psnr']:.2f} ± {means['test_psnr_spread']:.2f}" in again.stdout
