"""All trials of a cross validation: what they are measured as, and that none is lost."""

import dataclasses
import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from imgclean_dncnn import DNCNN
from PIL import Image
from training_pictures import write_pairs, write_pictures

from imgclean.errors import InvalidSetting, OutputExists
from imgclean.evaluation.protocol import measure_pairs
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.events import (
    Evaluated,
    EvaluatedFold,
    EvaluatedFolds,
    Note,
    ReadImages,
    TrainStep,
    TrialBegun,
    Validated,
    ignore,
)
from imgclean.extension.requests import TrainResult
from imgclean.images.name_rules import NameRules
from imgclean.images.pairs import read_pairs
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import choose_device
from imgclean.inference.settings import InferenceSettings
from imgclean.training.cross_validation import cross_validate
from imgclean.training.fold_means import fold_means
from imgclean.training.folds_file import read_folds, write_folds
from imgclean.training.recipe import read_recipe
from imgclean.training.run import Hooks, train
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import read_config

TRIALS = [f"repeat-{repeat}/fold-{fold}" for repeat in (1, 2) for fold in (1, 2)]
FIGURES = [
    f"{side}_{name}"
    for side in ("training", "test")
    for name in ("psnr", "ssim", "input_psnr", "input_ssim")
]


def recipe_of(folder, *, steps=12, **settings):
    pairs = {"noisy": str(folder), "clean": [str(folder)], "match": "s/_mean/_real/"}
    defaults = {
        "model": "dncnn",
        "options": {"depth": 3, "width": 4, "batch_norm": False, "initialisation": "dirac"},
        "precision": "fp32",
        "patch": 16,
        "batch": 2,
        "data": pairs,
        "folds": {"count": 2, "repeats": 2},
        "budget": {"steps": steps},
    }
    return read_recipe(defaults | settings)


def validate(folder, recipe, events=None, **settings):
    emit = events.append if events is not None else ignore
    return cross_validate(recipe, DNCNN, folder, emit=emit, device="cpu", **settings)


def weights(folder):
    return {each: (folder / each / "model.safetensors").read_bytes() for each in TRIALS}


def of(kind, events):
    return [each for each in events if isinstance(each, kind)]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return write_pairs(tmp_path_factory.mktemp("scenes") / "pairs", scenes=("chair", "plug"))


@pytest.fixture(scope="module")
def undisturbed(pairs, tmp_path_factory):
    """Two folds of six pairs, twice: the folder and the events."""
    folder, events = tmp_path_factory.mktemp("runs") / "whole", []
    validate(folder, recipe_of(pairs), events)
    return folder, events


@pytest.fixture
def copied(undisturbed, tmp_path):
    return Path(shutil.copytree(undisturbed[0], tmp_path / "run"))


def test_every_trial_is_a_weight_set_that_was_trained_without_its_test_images(undisturbed):
    folder, _ = undisturbed
    stored = read_folds(folder)
    assert [each.folder for each in stored.trials] == TRIALS
    for repeat in (stored.trials[:2], stored.trials[2:]):
        assert sorted(repeat[0].test_images + repeat[1].test_images) == sorted(stored.images)
    assert stored.trials[0].test_images != stored.trials[2].test_images
    for each in TRIALS:
        config = read_config(folder / each)
        assert config.provenance.images == 3
        assert [line.set for line in config.results] == ["pairs (test)"]


def test_a_trial_is_measured_as_evaluate_measures(undisturbed, pairs):
    folder, events = undisturbed
    trial = read_folds(folder).trials[1]
    names = {Path(each).name for each in trial.test_images}
    found = WeightSet(read_config(folder / trial.folder), folder / trial.folder)
    denoiser = Denoiser(
        DNCNN, found, InferenceSettings(precision="fp32"), choose_device("cpu"), None
    )
    (line,) = trial.results
    assert of(EvaluatedFold, events)[1] == line
    for side, rules in (
        ("test", NameRules(include=tuple(names))),
        ("training", NameRules(include=("*_mean.png",), exclude=tuple(names))),
    ):
        images = read_pairs(
            pairs, pairs, match="s/_mean/_real/", channels=3, smallest=16, emit=ignore, rules=rules
        )
        wanted = measure_pairs(images, ModelRestorer(denoiser), emit=ignore)
        for name in ("images", "psnr", "ssim", "input_psnr", "input_ssim"):
            assert getattr(line, f"{side}_{name}") == pytest.approx(getattr(wanted, name), abs=1e-4)
    assert not of(Evaluated, events)


def test_the_means_are_those_of_the_trials_and_the_spread_that_of_the_repeats(undisturbed):
    folder, events = undisturbed
    lines, (mean,) = of(EvaluatedFold, events), of(EvaluatedFolds, events)
    assert [(each.repeat, each.fold) for each in lines] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    for name in FIGURES:
        values = [getattr(each, name) for each in lines]
        assert getattr(mean, name) == pytest.approx(np.mean(values), abs=1e-4)
    halves = [np.mean([each.test_psnr for each in lines if each.repeat == one]) for one in (1, 2)]
    assert mean.test_psnr_spread == pytest.approx(np.std(halves, ddof=1), abs=1e-4)
    content = json.loads((folder / "folds.json").read_text())
    assert content["means"] == [dataclasses.asdict(mean)]
    assert [each["results"] for each in content["trials"]] == [
        [dataclasses.asdict(each)] for each in lines
    ]


def test_one_repeat_has_no_spread(undisturbed):
    lines = [each for each in of(EvaluatedFold, undisturbed[1]) if each.repeat == 1]
    (mean,) = fold_means(lines, folds=2, repeats=1)
    assert mean.test_psnr_spread is mean.training_ssim_spread is None


def test_each_trial_says_which_it_is_of_how_many_and_what_is_left(undisturbed):
    begun = of(TrialBegun, undisturbed[1])
    assert [(each.trial, each.trials, each.repeat, each.fold) for each in begun] == [
        (1, 4, 1, 1),
        (2, 4, 1, 2),
        (3, 4, 2, 1),
        (4, 4, 2, 2),
    ]
    assert begun[0].seconds_left is None
    assert all(each.seconds_left > 0 for each in begun[1:])


def test_an_interrupted_trial_is_gone_on_with_and_finished_ones_are_left_alone(
    undisturbed, pairs, tmp_path
):
    folder, events = tmp_path / "torn", []
    long = {"steps": 40, "checkpoint_seconds": 600.0}

    def stop_in_the_second(event):
        events.append(event)
        if isinstance(event, Validated) and len(of(TrialBegun, events)) == 2:
            signal.raise_signal(signal.SIGINT)

    recipe = recipe_of(pairs, **long, folds={"count": 2})
    with pytest.raises(KeyboardInterrupt):
        cross_validate(recipe, DNCNN, folder, emit=stop_in_the_second, device="cpu")
    assert (folder / TRIALS[1] / "checkpoint.pt").exists()
    assert not (folder / TRIALS[1] / "config.json").exists()
    first = folder / TRIALS[0] / "model.safetensors"
    assert [each.folder for each in read_folds(folder).trials] == TRIALS[:1]
    assert read_folds(folder).means == ()
    written, again = first.stat().st_mtime_ns, []
    assert of(Validated, events)[-1].step == 11
    with pytest.raises(OutputExists, match="holds a training run"):
        validate(folder, recipe)
    validate(folder, recipe, again, resume=True)
    assert first.stat().st_mtime_ns == written
    assert [each.trial for each in of(TrialBegun, again)] == [2]
    assert [each.step for each in of(Validated, again)] == [21, 31, 40]
    assert len(of(EvaluatedFold, again)) == 2
    assert of(EvaluatedFold, again)[0] == of(EvaluatedFold, events)[0]
    alone = recipe.model_copy(
        update={"folds": recipe.folds.model_copy(update={"repeat": 1, "number": 2})}
    )
    train(alone, DNCNN, tmp_path / "alone", emit=ignore, device="cpu")
    whole = (tmp_path / "alone" / "model.safetensors").read_bytes()
    assert (folder / TRIALS[1] / "model.safetensors").read_bytes() == whole


def test_a_trial_that_was_trained_but_not_yet_noted_is_measured_without_training(copied, pairs):
    stored, kept = read_folds(copied), weights(copied)
    write_folds(copied, dataclasses.replace(stored, trials=stored.trials[:3], means=()))
    events = []
    validate(copied, recipe_of(pairs), events, resume=True)
    assert not of(TrainStep, events)
    assert read_folds(copied) == stored
    assert weights(copied) == kept


def test_a_trial_whose_folder_was_removed_is_run_once_more(copied, pairs):
    stored, kept = read_folds(copied), weights(copied)
    shutil.rmtree(copied / TRIALS[2])
    validate(copied, recipe_of(pairs), resume=True)
    assert (read_folds(copied), weights(copied)) == (stored, kept)


def test_trials_on_other_images_are_not_mixed(copied, pairs):
    data = recipe_of(pairs).data.model_copy(update={"exclude": ["chair_0*"]})
    changed = recipe_of(pairs).model_copy(update={"data": data})
    before = (copied / "folds.json").read_bytes()
    with pytest.raises(InvalidSetting, match="the images or the splits"):
        validate(copied, changed, resume=True)
    assert (copied / "folds.json").read_bytes() == before


def test_a_file_that_is_something_else_is_named(copied, pairs):
    (copied / "folds.json").write_text('{"format": 2}')
    with pytest.raises(InvalidSetting, match=r"folds\.json is not one") as error:
        validate(copied, recipe_of(pairs), resume=True)
    assert "remove it" in error.value.hint


def test_a_perfect_image_survives_the_file(copied):
    stored = read_folds(copied)
    line = dataclasses.replace(stored.trials[0].results[0], test_psnr=float("inf"))
    trial = dataclasses.replace(stored.trials[0], results=(line,))
    write_folds(copied, dataclasses.replace(stored, trials=(trial,)))
    assert (
        json.loads((copied / "folds.json").read_text())["trials"][0]["results"][0]["test_psnr"]
        is None
    )
    assert read_folds(copied).trials == (trial,)


def test_clean_images_are_tested_at_every_level_and_what_is_held_out_is_in_no_fold(tmp_path):
    folder, events = write_pictures(tmp_path / "clean", count=5), []
    data = {"clean": [str(folder)], "hold_out": ["0.png"]}
    recipe = recipe_of(folder, steps=2, data=data, folds={"count": 2}, noise="gaussian:0-55")
    means = validate(tmp_path / "run", recipe, events)
    levels = ["gaussian:15", "gaussian:25", "gaussian:50"]
    assert [each.degradation for each in means] == levels
    assert [each.degradation for each in of(EvaluatedFold, events)] == levels * 2
    stored = read_folds(tmp_path / "run")
    assert [Path(each).name for each in stored.images] == [f"{index}.png" for index in range(1, 5)]
    assert {(each.training_images, each.test_images) for each in of(EvaluatedFold, events)} == {
        (2, 2)
    }
    assert {each.set for each in of(Evaluated, events)} == {"clean"}


def test_what_cannot_be_is_said_before_any_trial(pairs, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(InvalidSetting, match="6 images cannot be split into 7 folds"):
        validate(run, recipe_of(pairs, folds={"count": 7}))
    with pytest.raises(InvalidSetting, match="one process each"):
        validate(run, recipe_of(pairs), devices=2)
    with pytest.raises(InvalidSetting, match="plateau needs images"):
        validate(run, recipe_of(pairs, schedule={"kind": "plateau"}))
    with pytest.raises(InvalidSetting, match="all trials of a cross validation"):
        train(recipe_of(pairs), DNCNN, run, emit=ignore)
    assert not run.exists()
    run.mkdir()
    (run / "folds.json").write_text("{}")
    with pytest.raises(OutputExists, match=r"folds\.json, which one would replace"):
        validate(run, recipe_of(pairs))
    assert [each.name for each in run.iterdir()] == ["folds.json"]


def test_a_plugin_that_trains_on_images_of_its_own_choice_has_no_trials(pairs, tmp_path):
    def by_plugin(job):
        return TrainResult(network=job.network, steps=1, seconds=1.0)

    with pytest.raises(InvalidSetting, match="also on those of the fold"):
        validate(tmp_path / "run", recipe_of(pairs), hooks=Hooks(train=by_plugin))
    assert not list(tmp_path.glob("run/**/config.json"))


def test_images_are_read_and_left_out_once_for_all_trials(tmp_path):
    folder, events = write_pictures(tmp_path / "clean", count=2), []
    Image.new("RGB", (40, 40)).save(folder / "dark.png")
    data = {"clean": [str(folder)], "least_mean": 0.3}
    recipe = recipe_of(folder, steps=1, data=data, folds={"count": 2}, noise="gaussian:25")
    validate(tmp_path / "run", recipe, events)
    assert len(of(ReadImages, events)) == 3
    (note,) = [each.message for each in of(Note, events) if "left out" in each.message]
    assert note == "1 of 3 images are left out: 1 with a mean below 0.3"
