"""A stage against a discriminator says how both do, and keeps the best of what it made."""

import csv

import pytest
import torch
from torch import nn
from training_material import Tiny, samples, stage_job, train, weights

from imgclean.errors import TrainingDiverged
from imgclean.events import DiscriminatorStep, Note, TrainStep, Validated, Warned
from imgclean.training import adversary, head_start, reports
from imgclean.training.checkpoint import read_checkpoint
from imgclean.training.stage import train_stage


class Guesses(nn.Module):
    """A discriminator that learns nothing: its verdict does not depend on the image."""

    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, images):
        alternating = torch.arange(len(images)).remainder(2).mul(2).sub(1).float()
        return (alternating + 0 * self.bias)[:, None]


@pytest.fixture
def guesses(monkeypatch):
    monkeypatch.setitem(adversary._OWN, "guesses", f"{__name__}:Guesses")


@pytest.fixture
def every_step(monkeypatch):
    for module in (reports, head_start):
        monkeypatch.setattr(module, "_SECONDS_BETWEEN_EVENTS", 0)


def loss(**settings):
    return [{"kind": "mse"}, {"kind": "adversarial", "weight": 1e-3, "lr": 1e-4} | settings]


def rows(folder):
    with (folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def warnings(events, kind):
    return [each.message for each in events if isinstance(each, Warned) and each.error == kind]


def test_the_head_start_is_told_step_by_step_and_has_its_own_rate(tmp_path, every_step):
    events = []
    settings = {"budget": {"steps": 1}, "events": events}
    train(tmp_path, loss=loss(steps_before=120, lr=1e-9, lr_before=3e-3), **settings)
    told = [each for each in events if isinstance(each, DiscriminatorStep)]
    assert [each.step for each in told] == list(range(1, 121))
    assert (told[59].share, told[-1].share) == (0.5, 1)
    assert all(0 <= each.accuracy <= 1 for each in told)
    assert sum(each.accuracy for each in told[-20:]) / 20 > 0.9, "it learns"
    written = [each for each in rows(tmp_path) if each["discriminator_step"]]
    assert [(each["step"], each["discriminator_step"]) for each in written] == [
        ("0", "50"),
        ("0", "100"),
        ("0", "120"),
    ]
    assert float(written[-1]["discriminator_accuracy"]) > 0.9


def test_a_discriminator_that_diverges_alone_ends_the_run_and_names_its_rate(tmp_path, monkeypatch):
    nothing = torch.tensor(float("nan"))
    figures = {"discriminator_loss": nothing, "discriminator_accuracy": nothing}
    monkeypatch.setattr(adversary.Adversary, "statistics", figures)
    with pytest.raises(TrainingDiverged, match="loss is nan after 50 steps alone") as caught:
        train(tmp_path, loss=loss(steps_before=60))
    assert "lr_before" in caught.value.hint


def test_the_denoisers_steps_tell_how_the_discriminator_does(tmp_path, every_step):
    events = []
    train(tmp_path, loss=loss(), events=events, budget={"steps": 3})
    accuracies = [each.discriminator_accuracy for each in events if isinstance(each, TrainStep)]
    assert len(accuracies) == 3
    assert all(0 <= each <= 1 for each in accuracies)


def test_a_discriminator_that_only_guesses_is_said_aloud_once(tmp_path, guesses):
    events = []
    train(tmp_path, loss=loss(discriminator="guesses"), events=events, budget={"steps": 260})
    (said,) = warnings(events, "DiscriminatorGuesses")
    assert "tells 50% of the images rightly: it guesses" in said
    assert "steps_before" in said


def test_one_that_learns_is_not(tmp_path):
    events = []
    learns = loss(steps_before=120, lr=3e-3)
    train(tmp_path, loss=learns, events=events, budget={"steps": 260}, optimiser={"lr": 1e-9})
    assert not warnings(events, "DiscriminatorGuesses")


SPOILS = {
    "loss": [{"kind": "adversarial", "lr": 1e-4}],  # any image will do, so that PSNR falls
    "optimiser": {"name": "adamw", "lr": 3e-2},
    "budget": {"steps": 100},
    "validation": {"every": 0.1},
    "looked_at": samples(),
    "ema": 0.0,
}


def trained_network(folder):
    return train(folder, network=Tiny(), budget={"steps": 200}).network


def begun(folder, events, **settings):
    """Train against a discriminator from a trained network, as a second stage does."""
    network = Tiny()
    network.load_state_dict(trained_network(folder / "first").state_dict())
    before = weights_of(network)
    return train(folder / "second", network=network, events=events, index=1, **settings), before


def weights_of(network):
    return torch.cat([each.flatten() for each in network.state_dict().values()])


def test_a_psnr_that_falls_by_a_decibel_is_said_aloud_once(tmp_path):
    events = []
    begun(tmp_path, events, **SPOILS)
    psnr = [each.psnr for each in events if isinstance(each, Validated)]
    assert psnr[-1] < psnr[0] - 1
    (said,) = warnings(events, "PSNRFallen")
    assert f"below the {psnr[0]:.2f} dB with which the stage began" in said


def test_without_an_adversary_nothing_is_said(tmp_path):
    events = []
    begun(
        tmp_path,
        events,
        **SPOILS | {"loss": [{"kind": "l1"}], "optimiser": {"name": "sgd", "lr": 3.0}},
    )
    psnr = [each.psnr for each in events if isinstance(each, Validated)]
    assert psnr[-1] < psnr[0] - 1
    assert not warnings(events, "PSNRFallen")


def test_the_best_by_psnr_is_kept_where_the_recipe_says_so(tmp_path):
    events = []
    result, before = begun(tmp_path / "kept", events, **SPOILS | {"keep": "psnr"})
    psnr = {each.step: each.psnr for each in events if isinstance(each, Validated)}
    best = max(psnr, key=psnr.get)
    assert best < 100
    assert any(
        f"the weights of step {best} are kept: {psnr[best]:.2f} dB" in each.message
        for each in events
        if isinstance(each, Note)
    )
    again, _ = begun(tmp_path / "measured", [], **SPOILS | {"keep": "psnr"})
    assert torch.equal(weights(again), weights(result))
    assert torch.equal(weights(result), before) == (best == 0)
    last, _ = begun(tmp_path / "last", [], **SPOILS)
    assert not torch.equal(weights(last), weights(result))


def test_without_images_to_measure_with_the_last_weights_are_kept_and_it_is_said(tmp_path):
    events = []
    train(tmp_path, events=events, keep="psnr", budget={"steps": 5})
    (said,) = warnings(events, "NothingMeasured")
    assert "--validate or --hold-out" in said


def test_the_best_by_blur_measures_how_blurred_the_images_are(tmp_path):
    train(tmp_path, keep="blur", looked_at=samples(), budget={"steps": 20})
    measured = [each["validation_blur"] for each in rows(tmp_path) if each["validation_psnr"]]
    assert len(measured) == 4
    assert all(-1 < float(each) < 1 for each in measured)


def test_a_run_that_goes_on_with_other_images_to_measure_with_forgets_what_was_best(tmp_path):
    """What was measured on other images cannot be compared."""
    settings = {"keep": "psnr", "looked_at": samples(), "budget": {"steps": 20}}
    train(tmp_path, validation={"every": 0.5}, **settings)
    checkpoint = read_checkpoint(tmp_path / "checkpoint.pt")
    assert checkpoint.standing["best"]
    events = []
    job = stage_job(tmp_path, validation={"every": 0.5, "crop": 99}, events=events, **settings)
    train_stage(job, checkpoint)
    assert any("there are no images" in each.message for each in events if hasattr(each, "error"))


def test_a_set_back_to_the_beginning_knows_still_how_good_that_was(tmp_path):
    network, passes = Tiny(), []

    def spoil(module, inputs, output):
        passes.append(module.training)
        return output * float("nan") if sum(passes) == 4 and module.training else output

    network.register_forward_hook(spoil)
    events = []
    settings = {"looked_at": samples(), "budget": {"steps": 60}, "validation": {"every": 1.0}}
    train(tmp_path, network=network, index=1, events=events, **settings)
    assert len(warnings(events, "LossNotFinite")) == 1
    (first, *_) = [each for each in events if isinstance(each, Validated)]
    standing = read_checkpoint(tmp_path / "checkpoint.pt").standing
    assert (first.step, standing["start"]) == (0, first.psnr)
    measured = [row["step"] for row in rows(tmp_path) if row["validation_psnr"]]
    assert measured[0] == "0", "nor is its row lost"
