"""The naive block is trained first, or taken from another model's set, and stays as it is."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from gradnet_material import SMALL
from imgclean_gradnet import GRADNET
from material import ENVIRONMENT, command, noise_image, write_small_set
from PIL import Image
from safetensors.numpy import load_file

from imgclean.training.beginnings import begin_network
from imgclean.training.recipe import read_recipe
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import read_config
from imgclean.weightsets.store import read_tensors


def train(*arguments):
    done = subprocess.run(
        command("train", *arguments, "--threads", "1"),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(noise_image(64, 64)).save(folder / "a.png")
    return folder


def test_the_default_recipe_trains_the_naive_block_and_then_the_main_branch(photos, tmp_path):
    sizes = [part for name, value in SMALL.items() for part in ("--set", f"options.{name}={value}")]
    small = [*sizes, "--set", "patch=16", "--set", "batch=2", "--steps", "8"]
    run = tmp_path / "run"
    train("--model", "gradnet", "--data", photos, "--out", run, *small)
    naive = load_file(run / "stages" / "1-naive" / "model.safetensors")
    whole = load_file(run / "model.safetensors")
    assert all(name.startswith("naive.") for name in naive)
    for name, each in naive.items():
        np.testing.assert_array_equal(whole[name], each)
    assert any(name.startswith("main.") for name in whole)
    config = json.loads((run / "config.json").read_text())
    assert "part" not in config["options"]  # the whole is the default
    cleaned = tmp_path / "a-clean.png"
    done = subprocess.run(
        command("denoise", photos / "a.png", "-o", cleaned, "-w", run), env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0
    assert Path(cleaned).exists()


def test_the_naive_block_may_begin_as_another_models_weight_set(tmp_path):
    small = write_small_set(tmp_path / "small")
    stage = {"name": "main", "init": str(small), "into": "naive.network", "freeze": ["naive.*"]}
    options = SMALL | {"naive": "dncnn", "naive_options": {"depth": 3, "width": 4}}
    recipe = read_recipe({"model": "gradnet", "options": options, "stages": [stage]})
    notes = []
    network = begin_network(recipe, 0, GRADNET, None, notes.append)
    tensors = read_tensors(WeightSet(read_config(small), small))
    own = network.naive.network.state_dict()
    for name, each in tensors.items():
        torch.testing.assert_close(own[name], each)
    assert f"{len(tensors)} tensors are inherited" in notes[0].message


def test_a_part_from_another_set_leaves_the_rest_as_it_would_begin_without(tmp_path):
    small = write_small_set(tmp_path / "small")
    options = SMALL | {"naive": "dncnn", "naive_options": {"depth": 3, "width": 4}}
    stages = [
        {"name": "first"},
        {"name": "second", "init": str(small), "into": "naive.network", "freeze": ["naive.*"]},
    ]
    recipe = read_recipe({"model": "gradnet", "options": options, "stages": stages})
    first = begin_network(recipe, 0, GRADNET, None, lambda _: None).state_dict()
    before = {name: each + 1 for name, each in first.items()}
    notes = []
    network = begin_network(recipe, 1, GRADNET, before, notes.append)
    for name, each in read_tensors(WeightSet(read_config(small), small)).items():
        torch.testing.assert_close(network.naive.network.state_dict()[name], each)
    for name, each in network.main.state_dict().items():
        torch.testing.assert_close(each, before[f"main.{name}"])
    assert not notes
