import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imgclean.training.optimisers import Muon, make_optimisers, orthogonalise, set_rate
from imgclean.training.recipe_tables import Optimiser


def network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 32, 3),
        torch.nn.Conv2d(32, 32, 3),
        torch.nn.BatchNorm2d(32),
        torch.nn.Conv2d(32, 32, 3, groups=32),
        torch.nn.Conv2d(32, 24, 1),
        torch.nn.Conv2d(24, 1, 3),
    )


def make(module, **settings):
    return make_optimisers(module, Optimiser(**settings), precision=torch.float32)


def parameters_of(optimiser):
    return [each for group in optimiser.param_groups for each in group["params"]]


def test_muon_takes_the_weights_between_wide_layers_and_adamw_the_rest():
    module = network()
    muon, adamw = make(module, name="muon")
    assert {id(each) for each in parameters_of(muon)} == {
        id(module[1].weight),
        id(module[4].weight),
    }
    both = [id(each) for each in (*parameters_of(muon), *parameters_of(adamw))]
    assert sorted(both) == sorted(id(each) for each in module.parameters())


def test_a_frozen_parameter_is_left_out():
    module = network()
    module[1].weight.requires_grad_(requires_grad=False)
    muon, _ = make(module, name="muon")
    assert [id(each) for each in parameters_of(muon)] == [id(module[4].weight)]


def test_a_network_without_wide_layers_trains_with_muon_too():
    (only,) = make(torch.nn.Conv2d(1, 8, 3), name="muon")
    assert isinstance(only, torch.optim.AdamW)


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_batch_norm_and_biases_are_not_decayed(name):
    decayed, others = make(network(), name=name)[-1].param_groups
    assert all(each.ndim == 4 for each in decayed["params"])
    assert all(each.ndim == 1 for each in others["params"])
    assert decayed["weight_decay"] > 0
    assert others["weight_decay"] == 0


def test_rates_are_shares_of_each_optimisers_own_peak():
    optimisers = make(network(), name="muon", lr=1e-3, muon_lr=1e-2)
    set_rate(optimisers, 0.5)
    set_rate(optimisers, 0.25)
    rates = [group["lr"] for each in optimisers for group in each.param_groups]
    assert rates == pytest.approx([0.25e-2, 0.25e-3, 0.25e-3])


@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    size=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 2**31),
)
def test_a_matrix_of_any_shape_and_size_comes_out_nearly_orthogonal(rows, columns, size, seed):
    generator = torch.Generator().manual_seed(seed)
    left, _ = torch.linalg.qr(torch.randn(2, rows, min(rows, columns), generator=generator))
    right, _ = torch.linalg.qr(torch.randn(2, columns, min(rows, columns), generator=generator))
    spectrum = torch.rand(2, 1, min(rows, columns), generator=generator) * 0.9 + 0.1
    out = orthogonalise(size * (left * spectrum) @ right.mT)
    assert out.shape == (2, rows, columns)
    values = torch.linalg.svdvals(out)
    assert values.min() > 0.6
    assert values.max() < 1.3
    straight = torch.linalg.matrix_norm(out - left @ right.mT, ord=2)
    assert straight.max() < 0.45  # the same directions, not only the same lengths


def test_a_step_is_the_same_for_either_memory_format():
    kernel = torch.randn(32, 16, 3, 3, generator=torch.Generator().manual_seed(1))
    gradient = torch.randn(32, 16, 3, 3, generator=torch.Generator().manual_seed(2))
    results = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        weight = torch.nn.Parameter(kernel.clone(memory_format=memory_format))
        weight.grad = gradient.clone(memory_format=memory_format)
        Muon([weight], precision=torch.float32).step()
        results.append(weight.detach())
    assert torch.equal(*results)


def test_a_step_goes_on_where_earlier_gradients_pointed():
    weight = torch.nn.Parameter(torch.zeros(16, 20))
    optimiser = Muon([weight], precision=torch.float32)
    weight.grad = torch.randn(16, 20, generator=torch.Generator().manual_seed(1))
    optimiser.step()
    first = weight.detach().clone()
    weight.grad = torch.zeros(16, 20)
    optimiser.step()
    torch.testing.assert_close(weight.detach(), 2 * first)


def test_layers_of_equal_shape_do_not_mix():
    gradients = torch.randn(2, 16, 20, generator=torch.Generator().manual_seed(1))
    together = [torch.nn.Parameter(torch.zeros(16, 20)) for _ in gradients]
    for weight, gradient in zip(together, gradients, strict=True):
        weight.grad = gradient.clone()
    Muon(together, precision=torch.float32).step()
    for weight, gradient in zip(together, gradients, strict=True):
        alone = torch.nn.Parameter(torch.zeros(16, 20))
        alone.grad = gradient.clone()
        Muon([alone], precision=torch.float32).step()
        torch.testing.assert_close(weight, alone)


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_a_deep_linear_stack_is_fitted(name):
    """The loss falls to less than a hundredth, whichever optimiser the recipe names."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        stack = torch.nn.Sequential(*(torch.nn.Linear(16, 16, bias=False) for _ in range(3)))
        target = torch.randn(16, 16) / 4
        x = torch.randn(256, 16)
    optimisers = make(stack, name=name, lr=1e-2, muon_lr=5e-2, weight_decay=0.0)
    losses = []
    for step in range(300):
        set_rate(optimisers, 1 - step / 300)
        stack.zero_grad()
        loss = (stack(x) - x @ target).square().mean()
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.01 * losses[0]


def test_muon_does_not_touch_a_weight_without_a_gradient():
    weight = torch.nn.Parameter(torch.ones(16, 16))
    Muon([weight]).step()
    assert torch.equal(weight, torch.ones(16, 16))
