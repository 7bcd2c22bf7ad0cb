"""The paper's three phases: what each trains, and that a kill in any of them costs nothing."""

import csv
import subprocess
import time

import pytest
import torch
from imgclean_mscnn import MODEL
from material import ENVIRONMENT, command
from mscnn_material import small_paper
from safetensors.torch import load_file
from training_pictures import write_pictures

from imgclean.events import ignore
from imgclean.training.beginnings import begin_network
from imgclean.training.checkpoint import read_checkpoint
from imgclean.training.run_folder import stored_recipe

STEPS, AHEAD = 40, 80
ADVERSARIAL = {
    "discriminator": "patch",
    "lr_before": 2e-3,
    "weight": {"start": 0.0, "end": 0.02},
}
PHASES = ["1-clean-to-clean", "2-noisy-to-clean", "3-adversarial"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phases")
    write_pictures(folder / "clean")
    small_paper(
        folder / "small.toml", steps=STEPS, ahead=AHEAD, loss=ADVERSARIAL, checkpoint_seconds=0.05
    )
    return folder


def arguments(folder, run):
    images = ["--data", folder / "clean", "--validate", folder / "clean"]
    return ["train", folder / "small.toml", *images, "--out", folder / run, "--threads", "1"]


@pytest.fixture(scope="module")
def whole(starter, folder):
    """A run that nothing has disturbed."""
    done = starter(*arguments(folder, "whole"), env=ENVIRONMENT, timeout=300)
    assert done.code == 0, done.stderr
    return folder / "whole"


def tensors(run, phase):
    return load_file(run / "stages" / phase / "model.safetensors")


def of_part(state, part):
    return {name: each for name, each in state.items() if name.startswith(f"{part}.")}


def same(first, second):
    """Whether all tensors are bit-equal."""
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


def moved(first, second):
    """Whether each tensor is another one."""
    return first.keys() == second.keys() and not any(
        torch.equal(first[n], second[n]) for n in first
    )


def rows(run):
    with (run / "log.csv").open() as file:
        return [
            {name: each for name, each in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def test_phase_1_trains_all_layers_but_the_gate(whole):
    began = begin_network(stored_recipe(whole), 0, MODEL, None, ignore).state_dict()
    first = tensors(whole, PHASES[0])
    assert {name.partition(".")[0] for name in first} == {"scales", "reconstruction"}
    assert moved(first, began)


def test_phase_2_leaves_the_first_layer_and_moves_gate_and_reconstruction(whole):
    first, second = tensors(whole, PHASES[0]), tensors(whole, PHASES[1])
    began = begin_network(stored_recipe(whole), 1, MODEL, first, ignore).state_dict()
    assert same(of_part(second, "scales"), of_part(first, "scales"))
    assert same(of_part(began, "reconstruction"), of_part(first, "reconstruction"))
    for part in ("damping", "reconstruction"):
        assert of_part(second, part)
        assert moved(of_part(second, part), of_part(began, part))


def test_phase_3_leaves_the_first_layer_and_keeps_the_best_and_not_the_last(whole):
    second, third = tensors(whole, PHASES[1]), tensors(whole, PHASES[2])
    assert same(of_part(third, "scales"), of_part(second, "scales"))
    assert same(third, load_file(whole / "model.safetensors"))
    checkpoint = read_checkpoint(whole / "checkpoint.pt")
    assert (checkpoint.stage, checkpoint.step) == (2, STEPS)
    kept = checkpoint.standing["best"]
    measured = [row for row in rows(whole) if row["stage"] == "2" and row["validation_psnr"]]
    best = max(measured, key=lambda row: float(row["validation_psnr"]))
    assert (str(kept["step"]), str(kept["psnr"])) == (best["step"], best["validation_psnr"])
    assert kept["step"] < STEPS
    assert same(third, checkpoint.standing["weights"])
    for part in ("damping", "reconstruction"):
        assert moved(of_part(checkpoint.network, part), of_part(second, part)), "it was trained"


def test_the_log_has_both_losses_and_how_the_discriminator_does(whole):
    adversarial = [row for row in rows(whole) if row["stage"] == "2"]
    alone = [row for row in adversarial if row["discriminator_step"]]
    assert [row["discriminator_step"] for row in alone] == ["50", "80"]
    assert float(alone[1]["discriminator_accuracy"]) > float(alone[0]["discriminator_accuracy"])
    (trained,) = [row for row in adversarial if row["loss"]]
    for column in ("mse", "adversarial", "discriminator_loss"):
        assert float(trained[column]) > 0
    assert 0 <= float(trained["discriminator_accuracy"]) <= 1
    penalised = [row["stage"] for row in rows(whole) if row["weight_penalty"]]
    assert penalised == ["1"]


def killed(folder, *, when):
    """Go on with the run, kill it once its checkpoint is so far, and return the last checkpoint."""
    path = folder / "torn/checkpoint.pt"
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen(
        command(*arguments(folder, "torn"), "--resume"), env=ENVIRONMENT, **streams
    )
    try:
        until = time.monotonic() + 120
        while not (path.exists() and when(read_checkpoint(path))):
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        run.kill()
        run.wait()
    return read_checkpoint(path)


def test_a_kill_in_each_phase_and_in_the_head_start_changes_nothing_of_what_is_made(
    starter, folder, whole
):
    torn = folder / "torn"
    for phase in (0, 1):
        left = killed(folder, when=lambda at, phase=phase: (at.stage, at.step) >= (phase, 12))
        assert left.stage == phase
    left = killed(folder, when=lambda at: at.stage == 2 and at.ahead > AHEAD // 2)
    assert AHEAD // 2 < left.ahead < AHEAD, "between two rows of the log"
    left = killed(folder, when=lambda at: at.stage == 2 and at.step > STEPS * 0.7)
    assert left.step < STEPS
    last = starter(*arguments(folder, "torn"), "--resume", env=ENVIRONMENT, timeout=300)
    assert last.code == 0, last.stderr
    assert (torn / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert [each.name for each in sorted((torn / "stages").iterdir())] == PHASES
    for phase in PHASES:
        assert same(tensors(torn, phase), tensors(whole, phase)), phase
    assert rows(torn) == rows(whole)
