import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from imgclean.degradation.batch import BatchDegrader
from imgclean.degradation.parsing import parse_degradation
from imgclean.training.batches import Batches, RowShare
from imgclean.training.patch_draws import DrawPairs, NoisyPatches
from imgclean.training.patches import PatchSource, Pixels

CPU = torch.device("cpu")
NOISES = [
    "gaussian:0-55",
    "poisson:30",
    "poisson-gaussian:30,10",
    "gaussian:0-55|bicubic:2|jpeg:5-99",
]


def picture(seed=0, channels=1, side=64):
    return np.random.default_rng(seed).integers(0, 256, (side, side, channels), np.uint8)


def batches(noise="gaussian:25", *, rank=0, processes=1, batch=4, seed=0, stage=0, ahead=False):
    degrader = BatchDegrader(parse_degradation(noise), 16)
    patches = PatchSource(Pixels([picture()], CPU), 16 + 2 * degrader.margin)
    return Batches(
        NoisyPatches(patches, degrader, tell=True),
        RowShare(rank, processes, batch),
        seed=seed,
        stage=stage,
        source=CPU,
        device=CPU,
        ahead=ahead,
    )


def equal(one, other):
    return torch.equal(one.clean, other.clean) and torch.equal(one.noisy, other.noisy)


@pytest.mark.parametrize("noise", NOISES)
def test_processes_draw_the_rows_of_one_with_a_batch_as_large(noise):
    whole = batches(noise, batch=6)(7)
    for rank in range(3):
        part = batches(noise, rank=rank, processes=3, batch=2)(7)
        rows = slice(2 * rank, 2 * rank + 2)
        assert torch.equal(part.clean, whole.clean[rows])
        assert torch.equal(part.noisy, whole.noisy[rows])
        if whole.sigma is not None:
            assert torch.equal(part.sigma, whole.sigma[rows])


@settings(max_examples=10)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.sampled_from(NOISES))
def test_a_batch_depends_on_its_step_alone_also_when_it_is_prepared_ahead(steps, noise):
    ahead = batches(noise, ahead=True)
    try:
        assert all(equal(ahead(step), batches(noise)(step)) for step in steps)
    finally:
        ahead.close()


def test_another_step_stage_or_seed_draws_another_batch():
    drawn = [batches()(3), batches()(4), batches(stage=1)(3), batches(seed=1)(3)]
    assert not any(equal(a, b) for i, a in enumerate(drawn) for b in drawn[:i])


def test_a_network_is_told_the_level_of_each_patch():
    batch = batches("gaussian:10-50", batch=64)(0)
    noise = (batch.noisy - batch.clean).std((1, 2, 3))
    torch.testing.assert_close(noise, batch.sigma, rtol=0.25, atol=0)


def test_a_pair_is_cut_at_one_place_in_one_orientation():
    clean = picture(channels=3)
    pairs = Pixels([np.concatenate([clean, 255 - clean], axis=2)], CPU)
    draw = DrawPairs(PatchSource(pairs, 16))
    batch = draw(8, torch.Generator().manual_seed(0), torch.ones(8, dtype=torch.bool))
    assert batch.clean.shape == (8, 3, 16, 16)
    torch.testing.assert_close(batch.noisy, 1 - batch.clean)
    assert batch.noisy.is_contiguous(memory_format=torch.channels_last)
