import torch
from hypothesis import given
from hypothesis import strategies as st
from training_material import Tiny

from imgclean.training.average import RunningMean


def networks(count):
    return [Tiny(seed) for seed in range(count)]


def flat(module):
    return torch.cat([each.flatten() for each in module.parameters()])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20), st.floats(0, 0.999))
def test_a_mean_lies_between_what_it_is_of_and_its_first_is_that_itself(values, decay):
    network = torch.nn.Linear(1, 1)
    mean = RunningMean(network, decay)
    for index, value in enumerate(values):
        torch.nn.init.constant_(network.weight, value)
        mean.update(network)
        if index == 0:
            assert torch.equal(mean.module.weight, network.weight)
    assert min(values) - 1e-4 <= float(mean.module.weight.detach()) <= max(values) + 1e-4


def test_the_memory_is_no_longer_than_the_decay_says():
    """Of 1000 equal steps after one other, a decay of 0.9 leaves nothing of that one."""
    network = torch.nn.Linear(1, 1)
    mean = RunningMean(network, 0.9)
    for value in (100.0, *[1.0] * 1000):
        torch.nn.init.constant_(network.weight, value)
        mean.update(network)
    torch.testing.assert_close(mean.module.weight, network.weight)


def test_counters_are_copied_and_batch_statistics_are_averaged():
    first, second = networks(2)
    second(torch.rand(4, 1, 16, 16))
    mean = RunningMean(first, 0.5)
    mean.update(first)
    mean.update(second)
    statistics = mean.module.layers[1]
    assert statistics.num_batches_tracked == 1
    ends = first.layers[1].running_mean, second.layers[1].running_mean
    assert ((statistics.running_mean - ends[0]) * (ends[1] - statistics.running_mean) >= 0).all()
    assert not torch.equal(statistics.running_mean, ends[1])


def test_a_mean_goes_on_from_its_state():
    one, other = (RunningMean(Tiny(), 0.99) for _ in range(2))
    for network in networks(3):
        one.update(network)
    other.load_state_dict(one.state_dict())
    for mean in (one, other):
        mean.update(Tiny(7))
    assert torch.equal(flat(one.module), flat(other.module))
