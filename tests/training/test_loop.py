import shutil
import threading

import numpy as np
import pytest
import torch

from imgclean.errors import RunUnwritable, TrainingDiverged
from imgclean.events import TrainStep, Warned
from imgclean.training import loop
from imgclean.training.checkpoint import CHECKPOINT_NAME, read_checkpoint
from imgclean.training.loop import train_supervised
from imgclean.training.patches import PatchSource
from imgclean.training.recipe import read_recipe

CPU = torch.device("cpu")


def recipe(**settings):
    defaults = {
        "model": "tiny",
        "data": ["unused"],
        "noise": "gaussian:25",
        "patch": 16,
        "batch": 4,
        "budget": {"steps": 60},
        "optimiser": {"lr": 2e-3, "warmup": 5},
    }
    return read_recipe(defaults | settings)


class Tiny(torch.nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layers = torch.nn.Sequential(
                torch.nn.Conv2d(1, 16, 3, padding=1),
                torch.nn.BatchNorm2d(16),
                torch.nn.ReLU(),
                torch.nn.Conv2d(16, 16, 1),
                torch.nn.Conv2d(16, 1, 3, padding=1),
            )

    def forward(self, x, sigma=None):
        return x - self.layers(x)


def patches():
    ramp = np.linspace(0, 255, 48, dtype=np.uint8)
    smooth = np.repeat(ramp[:, None], 48, axis=1)[..., None]
    return PatchSource([smooth, smooth[::-1].copy()], 16, CPU)


def train(output, *, events=None, resume=False, network=None, **settings):
    return train_supervised(
        network or Tiny(),
        recipe(**settings),
        patches(),
        output,
        device=CPU,
        autocast=False,
        emit=(events if events is not None else []).append,
        resume=resume,
    )


def weights(result):
    return torch.cat([each.flatten() for each in result.network.state_dict().values()])


def test_training_reduces_the_error_of_the_running_mean(tmp_path):
    result = train(tmp_path, budget={"steps": 300})
    clean = patches().draw(64, torch.Generator().manual_seed(9))
    noisy = clean + torch.randn(clean.shape, generator=torch.Generator().manual_seed(9)) * 25 / 255
    with torch.inference_mode():
        error = (result.network(noisy) - clean).square().mean()
    assert error < 0.5 * (noisy - clean).square().mean()
    assert result.steps == 300
    assert not result.network.training


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    first, second, other = (
        weights(train(tmp_path / name, seed=seed)) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


class StopAt:
    """Asks to stop once the event of a step arrives, as Ctrl-C does."""

    def __init__(self, step):
        self.step = step

    def append(self, event):
        if event.step >= self.step:
            raise_interrupt()


def raise_interrupt():
    import signal

    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path, monkeypatch, optimiser):
    assert threading.current_thread() is threading.main_thread()
    settings = {"optimiser": {"name": optimiser, "lr": 2e-3, "warmup": 5}}
    undisturbed = weights(train(tmp_path / "a", **settings))
    monkeypatch.setattr(loop, "_SECONDS_BETWEEN_EVENTS", 0)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "b", events=StopAt(23), **settings)
    resumed = train(tmp_path / "b", resume=True, network=Tiny(seed=5), **settings)
    assert resumed.steps == 60
    assert torch.equal(weights(resumed), undisturbed)


def occupy(folder):
    """Put a file where the run folder belongs, so that nothing can be written there."""
    shutil.rmtree(folder)
    folder.write_text("")


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_SECONDS_BETWEEN_CHECKPOINTS", 0)
    output = tmp_path / "run"
    undisturbed = weights(train(tmp_path / "a"))
    events = []

    class Disturb:
        def append(self, event):
            events.append(event)
            if isinstance(event, TrainStep) and event.step == 20:
                occupy(output)
            if isinstance(event, TrainStep) and event.step == 30:
                output.unlink()

    trained = train(output, events=Disturb())
    assert torch.equal(weights(trained), undisturbed)
    warned = [each for each in events if isinstance(each, Warned)]
    assert len(warned) == 10
    assert "run: cannot be written: " in warned[0].message
    assert read_checkpoint(output / CHECKPOINT_NAME, CPU).step == 60


def test_a_stop_without_a_checkpoint_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_SECONDS_BETWEEN_EVENTS", 0)
    output = tmp_path / "run"
    output.write_text("a file")
    with pytest.raises(RunUnwritable, match="cannot be written"):
        train(output, events=StopAt(23))


def test_a_finished_run_can_be_resumed_without_another_step(tmp_path):
    first = train(tmp_path)
    again = train(tmp_path, resume=True)
    assert again.steps == first.steps
    assert torch.equal(weights(again), weights(first))


def test_minutes_end_on_time_with_the_rate_at_zero(tmp_path):
    events = []
    result = train(tmp_path, events=events, budget={"minutes": 0.02})
    assert 1.2 <= result.seconds < 3
    assert events[-1].rate < 2e-4
    assert events[-1].share == 1


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path, monkeypatch):
    train(tmp_path, budget={"steps": 20})
    before = (tmp_path / CHECKPOINT_NAME).read_bytes()
    monkeypatch.setattr(loop, "_SECONDS_BETWEEN_EVENTS", 0)
    monkeypatch.setattr(loop, "_SECONDS_BETWEEN_CHECKPOINTS", 0)
    poisoned = Tiny()
    real_forward = poisoned.forward
    poisoned.forward = lambda x, sigma=None: real_forward(x) * float("nan")
    with pytest.raises(TrainingDiverged, match="step 21"):
        train(tmp_path, resume=True, network=poisoned, budget={"steps": 40})
    assert (tmp_path / CHECKPOINT_NAME).read_bytes() == before
