import csv
import shutil
import signal
from functools import partial
from itertools import count
from types import SimpleNamespace

import pytest
import torch
from training_material import Tiny, samples, smooth_pixels, train, weights

from imgclean.errors import DeviceUnavailable, InvalidSetting, RunUnwritable, TrainingDiverged
from imgclean.events import DiscriminatorStep, TrainStep, Validated, Warned
from imgclean.training import head_start, loop, reports, safekeeping
from imgclean.training.checkpoint import read_checkpoint
from imgclean.training.patches import PatchSource
from imgclean.training.runtime import launch


@pytest.fixture
def every_step(monkeypatch):
    """An event after each step."""
    monkeypatch.setattr(reports, "_SECONDS_BETWEEN_EVENTS", 0)


def test_training_reduces_the_error_of_the_running_mean(tmp_path):
    result = train(tmp_path, budget={"steps": 300})
    clean = PatchSource(smooth_pixels(), 16).draw(64, torch.Generator().manual_seed(9))
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


class Interrupt:
    """Asks to stop once the event of a step arrives, as Ctrl-C does."""

    def __init__(self, step, kind=TrainStep):
        self.step = step
        self.kind = kind

    def append(self, event):
        if isinstance(event, self.kind) and event.step == self.step:
            signal.raise_signal(signal.SIGINT)


ADVERSARIAL = [
    {"kind": "mse"},
    {"kind": "adversarial", "weight": 1e-3, "lr": 1e-4, "steps_before": 2},
]


@pytest.mark.parametrize(
    "settings",
    [
        {"optimiser": {"name": "muon", "lr": 2e-3}},
        {"optimiser": {"name": "adamw", "lr": 2e-3}},
        {"optimiser": {"name": "sgd", "lr": 2e-3}},
        {"loss": ADVERSARIAL},
    ],
    ids=["muon", "adamw", "sgd", "adversarial"],
)
def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path, every_step, settings):
    undisturbed = weights(train(tmp_path / "a", network=Tiny(dropout=0.3), **settings))
    torch.rand(1)  # what else draws makes no difference
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "b", events=Interrupt(23), network=Tiny(dropout=0.3), **settings)
    checkpoint = read_checkpoint(tmp_path / "b" / "checkpoint.pt")
    assert 23 <= checkpoint.step < 60
    network = Tiny(seed=5, dropout=0.3)
    resumed = train(tmp_path / "b", checkpoint, network=network, **settings)
    assert resumed.steps == 60
    assert torch.equal(weights(resumed), undisturbed)


def rows(folder):
    """Return the rows of a run's log, but for how long they took."""
    with (folder / "log.csv").open() as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def test_the_log_of_a_resumed_run_is_that_of_an_undisturbed_one(tmp_path, every_step):
    settings = {"budget": {"steps": 110}, "loss": ADVERSARIAL}
    train(tmp_path / "a", **settings)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "b", events=Interrupt(70), **settings)
    train(tmp_path / "b", read_checkpoint(tmp_path / "b" / "checkpoint.pt"), **settings)
    undisturbed = rows(tmp_path / "a")
    assert [row["step"] for row in undisturbed] == ["0", "50", "100", "110"]
    assert 0 <= float(undisturbed[0]["discriminator_accuracy"]) <= 1
    assert rows(tmp_path / "b") == undisturbed


def test_a_head_start_that_is_stopped_between_two_rows_of_the_log_goes_on_to_the_same_rows(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(head_start, "_SECONDS_BETWEEN_EVENTS", 0)
    longer = [ADVERSARIAL[0], ADVERSARIAL[1] | {"steps_before": 60}]
    settings = {"budget": {"steps": 3}, "loss": longer}
    train(tmp_path / "a", **settings)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "b", events=Interrupt(20, DiscriminatorStep), **settings)
    assert not (tmp_path / "b" / "log.csv").exists(), "no row was due"
    checkpoint = read_checkpoint(tmp_path / "b" / "checkpoint.pt")
    assert (checkpoint.ahead, checkpoint.step) == (20, 0)
    train(tmp_path / "b", checkpoint, **settings)
    undisturbed = rows(tmp_path / "a")
    assert [row["discriminator_step"] for row in undisturbed] == ["50", "60", ""]
    assert rows(tmp_path / "b") == undisturbed


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path, every_step):
    output = tmp_path / "run"
    settings = {"checkpoint_seconds": 1e-9}
    undisturbed = weights(train(tmp_path / "a"))
    events = []

    class Disturb:
        def append(self, event):
            events.append(event)
            if isinstance(event, TrainStep) and event.step == 20:
                shutil.rmtree(output)
                output.write_text("")  # a file where the folder belongs
            if isinstance(event, TrainStep) and event.step == 30:
                output.unlink()

    trained = train(output, events=Disturb(), **settings)
    assert torch.equal(weights(trained), undisturbed)
    warned = [each for each in events if isinstance(each, Warned)]
    assert len(warned) == 10
    assert "run: cannot be written: " in warned[0].message
    assert read_checkpoint(output / "checkpoint.pt").step == 60


def test_a_stop_without_a_checkpoint_says_so(tmp_path, every_step):
    output = tmp_path / "run"
    output.write_text("a file")
    with pytest.raises(RunUnwritable, match="cannot be written"):
        train(output, events=Interrupt(23))


def test_a_finished_run_can_be_resumed_without_another_step(tmp_path):
    first = train(tmp_path)
    again = train(tmp_path, read_checkpoint(tmp_path / "checkpoint.pt"))
    assert again.steps == first.steps
    assert torch.equal(weights(again), weights(first))


def test_minutes_end_on_time_with_the_rate_at_zero(tmp_path, monkeypatch):
    """By a clock on which a step takes a hundredth of a second."""
    ticks = count()
    clock = SimpleNamespace(monotonic=lambda: next(ticks) / 100)
    monkeypatch.setattr(loop, "time", clock)
    events = []
    result = train(tmp_path, events=events, budget={"minutes": 0.02})
    assert result.seconds == pytest.approx(1.2, abs=0.02)
    assert result.steps == pytest.approx(120, abs=2)
    assert events[-1].rate < 1e-6
    assert events[-1].share == 1


class Poison:
    """Lets a network's output be no number at some passes in training, counted from 0."""

    def __init__(self, network, passes):
        self.network, self.passes, self.count = network, passes, 0
        network.register_forward_hook(self.spoil)

    def spoil(self, module, inputs, output):
        self.count += module.training
        return output * float("nan") if self.count - 1 in self.passes else output


def test_a_loss_that_is_no_number_sets_the_run_back_to_the_last_checkpoint(tmp_path, every_step):
    """Until there, it is an undisturbed run; from there it has half the rate."""
    events = []
    network = Tiny()
    Poison(network, {30})
    settings = {"checkpoint_seconds": 1e-9, "budget": {"steps": 40}}
    undisturbed = []
    train(tmp_path / "a", events=undisturbed, **settings)
    result = train(tmp_path / "b", events=events, network=network, **settings)
    assert result.steps == 40
    assert torch.isfinite(weights(result)).all()
    (warned,) = [each for each in events if isinstance(each, Warned)]
    assert "back to step 30 with half the rate (1 of 3)" in warned.message
    rates, before = (
        {each.step: each.rate for each in list_ if isinstance(each, TrainStep)}
        for list_ in (events, undisturbed)
    )
    assert rates[30] == pytest.approx(before[30])
    assert rates[35] == pytest.approx(before[35] / 2)


def test_weights_that_are_no_numbers_are_never_a_checkpoint(tmp_path, every_step):
    """The gradient of the twentieth step spoils the weights while its loss is sound."""
    network = Tiny()
    steps = []

    def spoil(gradient):
        steps.append(len(steps))
        return gradient * float("nan") if len(steps) == 20 else gradient

    network.layers[0].weight.register_hook(spoil)
    result = train(tmp_path, network=network, checkpoint_seconds=1e-9)
    assert torch.isfinite(weights(result)).all()
    checkpoint = read_checkpoint(tmp_path / "checkpoint.pt")
    assert (checkpoint.setbacks, checkpoint.rate_scale) == (1, 0.5)


def test_weights_that_the_last_step_spoils_are_not_what_a_run_yields(tmp_path):
    network = Tiny()
    steps = []

    def spoil(gradient):
        steps.append(len(steps))
        return gradient * float("nan") if len(steps) == 60 else gradient

    network.layers[0].weight.register_hook(spoil)
    events = []
    result = train(tmp_path, network=network, events=events)
    assert torch.isfinite(weights(result)).all()
    assert result.steps == 60
    assert sum(isinstance(each, Warned) for each in events) == 1


def test_the_discriminators_steps_before_the_first_are_kept_in_checkpoints(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(
        safekeeping, "write_checkpoint", lambda _, each: kept.append((each.ahead, each.step))
    )
    train(tmp_path, loss=ADVERSARIAL, checkpoint_seconds=1e-9, budget={"steps": 1})
    assert kept[:2] == [(0, 0), (1, 0)]


def test_a_step_that_does_not_fit_into_the_device_says_which_setting_to_change(tmp_path):
    network = Tiny()

    def refuse(module, inputs):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    network.register_forward_pre_hook(refuse)
    with pytest.raises(InvalidSetting, match="4 patches of 16 pixels do not fit") as caught:
        train(tmp_path, network=network)
    assert "--set batch=2" in caught.value.hint


def test_more_devices_than_there_are_is_refused():
    with pytest.raises(DeviceUnavailable, match="99 devices are asked for"):
        launch(torch.device("cuda"), 99, bf16=False)


def test_a_run_that_diverges_again_and_again_ends_and_names_the_rate(tmp_path, every_step):
    network = Tiny()
    Poison(network, range(5, 1000))
    events = []
    with pytest.raises(TrainingDiverged, match="three times before") as caught:
        train(tmp_path, network=network, events=events)
    assert "--set optimiser.muon_lr=1e-03" in caught.value.hint
    assert sum(isinstance(each, Warned) for each in events) == 3


def test_frozen_parameters_stay_bit_for_bit_and_so_do_their_batch_statistics(tmp_path):
    network = Tiny()
    before = {name: each.clone() for name, each in network.state_dict().items()}
    after = train(tmp_path, network=network, freeze=("layers.[01].*",)).network.state_dict()
    for name, tensor in before.items():
        frozen = name.startswith(("layers.0", "layers.1"))
        if "num_batches" not in name:
            assert torch.equal(tensor, after[name]) == frozen, name


class SeesClean(Tiny):
    """Returns the clean image, which it is given."""

    def forward(self, x, sigma=None, clean=None):
        return clean + 0 * super().forward(x)


def test_a_network_that_takes_the_clean_images_gets_them(tmp_path):
    events = []
    looked_at = {"looked_at": samples(), "validation": {"every": 0.5}}
    train(tmp_path, network=SeesClean(), events=events, budget={"steps": 4}, **looked_at)
    (*_, last) = [each for each in events if isinstance(each, Validated)]
    assert last.psnr > 90


def test_a_pattern_that_freezes_nothing_is_refused(tmp_path):
    with pytest.raises(InvalidSetting, match="no parameter matches 'lairs"):
        train(tmp_path, freeze=("lairs.*",))


def test_a_compiled_network_trains_to_the_same_weights(tmp_path, monkeypatch):
    """By torch's own tracer, without a C++ compiler behind it, which takes a minute."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    plain = weights(train(tmp_path / "a", budget={"steps": 5}))
    compiled = weights(train(tmp_path / "b", budget={"steps": 5}, compile=True))
    torch.testing.assert_close(compiled, plain)


def test_a_discriminator_that_the_model_does_not_offer_is_refused(tmp_path):
    unknown = [{"kind": "adversarial", "discriminator": "vgg"}]
    with pytest.raises(InvalidSetting, match="no discriminator 'vgg'"):
        train(tmp_path, loss=unknown)
