"""Each setting of a recipe does what it says, in a stage that is really trained."""

import pytest
import torch
from training_material import Tiny, samples, train

from imgclean.events import Note, TrainStep, Validated


def moved(before, after):
    """Return the norm of the change of all weights."""
    pairs = zip(before.parameters(), after.parameters(), strict=True)
    return torch.cat([(b.detach() - a.detach()).flatten() for b, a in pairs]).norm()


def test_no_step_is_longer_than_the_clip_allows(tmp_path):
    """One step of SGD with a rate of 1 moves the weights by the norm of the clipped gradient."""
    sgd = {"name": "sgd", "lr": 1.0, "weight_decay": 0.0}
    settings = {"budget": {"steps": 1}, "schedule": {"kind": "constant", "warmup": 0}, "ema": 0.0}
    lengths = {}
    for clip in (0.0, 1e-3):
        result = train(tmp_path / str(clip), optimiser=sgd | {"clip": clip}, **settings)
        lengths[clip] = moved(Tiny(), result.network)
    assert lengths[1e-3] == pytest.approx(1e-3, rel=1e-3)
    assert lengths[0.0] > 1e-2


def test_without_memory_the_result_is_the_network_after_the_last_step(tmp_path):
    network = Tiny()
    result = train(tmp_path, network=network, ema=0.0)
    assert moved(network, result.network) == 0
    network = Tiny()
    assert moved(network, train(tmp_path / "b", network=network, ema=0.9).network) > 0


class Watch(Tiny):
    """Keeps what it is told in training, and the type in which its layers compute."""

    def __init__(self):
        super().__init__()
        self.told, self.dtypes = [], set()
        self.layers[3].register_forward_hook(lambda _m, _x, y: self.dtypes.add(y.dtype))

    def forward(self, x, sigma=None):
        if self.training:
            self.told.append(sigma)
        return super().forward(x, sigma)


def test_a_noise_aware_network_is_told_the_level_of_each_patch_and_a_blind_one_nothing(tmp_path):
    aware, blind = Watch(), Watch()
    settings = {"noise": "gaussian:10-50", "budget": {"steps": 5}}
    train(tmp_path / "a", network=aware, noise_aware=True, **settings)
    train(tmp_path / "b", network=blind, **settings)
    levels = torch.cat(aware.told) * 255
    assert (levels.min() >= 10, levels.max() <= 50, len(levels.unique())) == (True, True, 20)
    assert blind.told == [None] * 5


def test_bf16_is_for_the_passes_and_float32_for_the_weights(tmp_path):
    network = Watch()
    train(tmp_path, network=network, bf16=True, budget={"steps": 2})
    assert network.dtypes == {torch.bfloat16}
    assert {each.dtype for each in network.parameters()} == {torch.float32}
    exact = Watch()
    train(tmp_path / "b", network=exact, budget={"steps": 2})
    assert exact.dtypes == {torch.float32}


def test_a_stage_is_measured_in_each_share_of_its_budget_and_at_its_end(tmp_path):
    events = []
    settings = {"budget": {"steps": 40}, "validation": {"every": 0.25}}
    train(tmp_path, events=events, looked_at=samples(), **settings)
    found = [each for each in events if isinstance(each, Validated)]
    assert [each.step for each in found] == [11, 21, 31, 40]
    assert found[-1].psnr > 20.5
    assert found[-1].images == 2


def test_a_plateau_lets_the_rate_fall_and_ends_the_stage(tmp_path):
    """No gain is ever 99 dB: each measurement after the first is one too many."""
    events = []
    plateau = {"kind": "plateau", "patience": 1, "gain": 99.0, "factor": 0.1, "smallest": 0.05}
    result = train(
        tmp_path,
        events=events,
        looked_at=samples(),
        schedule=plateau | {"warmup": 0},
        budget={"steps": 1000},
        validation={"every": 0.01},
    )
    falls = [each.message for each in events if isinstance(each, Note)]
    assert falls == [
        "no gain: the rate falls to 0.1 of its peak",
        "no gain: the rate falls to 0.01 of its peak",
    ]
    assert result.steps == 31
    assert [each for each in events if isinstance(each, TrainStep)][-1].share < 0.05
