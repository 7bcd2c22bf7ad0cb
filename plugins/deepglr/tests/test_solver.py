import pytest
import torch
from deepglr_material import (
    ADVERSARIAL,
    dense_matrix,
    dense_solution,
    exemplars_of,
    random_patches,
    relative_error,
    system,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from imgclean_deepglr.graph import edge_weights, largest_mu
from imgclean_deepglr.solver import solve

METHODS = ("cholesky", "cg")
SHAPES = ((1, 1), (1, 5), (5, 1), (2, 2), (3, 5), (5, 3))

both = pytest.mark.parametrize("method", METHODS)


@both
@given(st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=12, deadline=None)
def test_the_solution_is_that_of_the_dense_system(method, height, width):
    weights, mu, right = system(3, height, width)
    found = solve(weights, mu, right, method)
    torch.testing.assert_close(found, dense_solution(weights, mu, right), rtol=1e-10, atol=1e-10)


@both
def test_float32_is_accurate_on_patches_of_26_at_the_largest_mu(method):
    weights, mu, right = system(2, 26, 26, dtype=torch.float32)
    found = solve(weights, mu, right, method)
    assert found.dtype == torch.float32
    true = dense_solution(weights.double(), mu.double(), right.double())
    assert relative_error(found, true) <= 1e-5


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_agree_with_finite_differences(method, shape):
    weights, mu, right = system(2, *shape)
    edges = (weights != 0).double()  # there is nothing to vary where there is no edge
    leaves = [each.requires_grad_() for each in (weights, mu, right)]
    assert torch.autograd.gradcheck(
        lambda weights, mu, right: solve(weights * edges, mu / 20, right, method),
        leaves,
        fast_mode=shape not in {(2, 2), (1, 5)},
    )


@both
def test_gradients_are_those_of_autograd_through_the_dense_system(method):
    found, true = (tuple(each.requires_grad_() for each in system(2, 5, 4)) for _ in range(2))
    slopes = random_patches(2, 5, 4, seed=9)
    (solve(*found, method) * slopes).sum().backward()
    (dense_solution(*true) * slopes).sum().backward()
    on_patch = (true[0] != 0).double()
    for one, other, where in zip(found, true, (on_patch, 1, 1), strict=True):
        torch.testing.assert_close(one.grad * where, other.grad, rtol=1e-10, atol=1e-10)


@both
def test_an_entry_without_an_edge_has_no_gradient(method):
    weights, mu, right = system(1, 3, 3)
    weights.requires_grad_()
    solve(weights, mu, right, method).square().sum().backward()
    assert not weights.grad[weights == 0].any()


@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_both_methods_agree_and_have_finite_gradients_on_hard_graphs(kind):
    weights = edge_weights(exemplars_of(kind).float())
    right = random_patches(1, 12, 12, dtype=torch.float32)
    solutions = []
    for method in METHODS:
        leaves = [each.clone().requires_grad_() for each in (weights, largest_mu(weights), right)]
        solutions.append(solve(*leaves, method))
        solutions[-1].square().sum().backward()
        assert all(each.grad.isfinite().all() for each in leaves)
    assert relative_error(*solutions) < 2e-5


@both
def test_a_constant_patch_passes_unchanged(method):
    weights, mu, _ = system(2, 7, 6)
    constant = torch.full((2, 3, 7, 6), 0.4, dtype=torch.float64)
    torch.testing.assert_close(solve(weights, mu, constant, method), constant)


@both
def test_the_result_stays_between_the_extremes_of_the_patch(method):
    weights, mu, right = system(4, 9, 8)
    found = solve(weights, mu, right, method)
    assert (found.amax((2, 3)) <= right.amax((2, 3)) + 1e-12).all()
    assert (found.amin((2, 3)) >= right.amin((2, 3)) - 1e-12).all()


@both
def test_the_solution_is_a_low_pass_filter(method):
    weights, mu, _ = system(1, 4, 5)
    impulses = torch.eye(20, dtype=torch.float64).view(1, 20, 4, 5)
    inverse = solve(weights, mu, impulses, method)[0].flatten(1)
    torch.testing.assert_close(inverse, inverse.T)
    torch.testing.assert_close(inverse.sum(1), torch.ones(20, dtype=torch.float64))
    frequencies = torch.linalg.eigvalsh(inverse)
    assert frequencies[0] >= 1 / 250
    assert frequencies[-1] <= 1 + 1e-12


@both
def test_without_smoothing_the_patch_is_the_solution(method):
    weights, mu, right = system(2, 4, 4)
    torch.testing.assert_close(solve(weights, 0 * mu, right, method), right)


@both
def test_a_solution_of_nothing_is_nothing(method):
    weights, mu, right = system(2, 4, 4)
    assert not solve(weights, mu, 0 * right, method).any()


@both
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_raised_to_float32_under_autocast_both_ways(method, dtype):
    halves = [each.to(dtype) for each in system(2, 6, 6, dtype=torch.float32)]
    leaves = [each.clone().requires_grad_() for each in halves]
    exact = [each.float().requires_grad_() for each in halves]
    with torch.autocast("cpu", dtype):
        found = solve(*leaves, method)
        found.square().sum().backward()
    expected = solve(*exact, method)
    expected.square().sum().backward()
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    for one, other in zip(leaves, exact, strict=True):
        torch.testing.assert_close(one.grad, other.grad.to(dtype))


@both
def test_patches_do_not_depend_on_those_beside_them(method):
    weights, mu, right = system(5, 6, 6)
    together = solve(weights, mu, right, method)
    alone = solve(weights[3:4], mu[3:4], right[3:4], method)
    torch.testing.assert_close(together[3:4], alone, rtol=1e-12, atol=1e-12)


@both
def test_the_arguments_are_left_as_they_are(method):
    arguments = system(2, 5, 5)
    before = [each.clone() for each in arguments]
    solve(*arguments, method)
    assert all(map(torch.equal, arguments, before))


def test_auto_is_the_factorisation_on_the_cpu():
    arguments = system(2, 5, 5, dtype=torch.float32)
    assert torch.equal(solve(*arguments), solve(*arguments, "cholesky"))


@both
def test_nothing_is_kept_for_a_gradient_that_nobody_wants(method):
    weights, mu, right = system(1, 4, 4)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda each: kept.append(each), lambda _: None):
        solve(weights, mu, right, method)
        with torch.no_grad():
            solve(weights.requires_grad_(), mu, right, method)
    assert not kept


def test_a_second_derivative_is_refused():
    weights, mu, right = system(1, 3, 3)
    right.requires_grad_()
    (slope,) = torch.autograd.grad(
        solve(weights, mu, right).square().sum(), right, create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@both
def test_what_is_not_finite_is_not_hidden(method):
    weights, mu, right = system(2, 4, 4)
    weights[0, 0, 1, 1] = float("nan")
    found = solve(weights, mu, right, method)
    assert found[0].isnan().any()


def test_the_dense_matrix_of_the_tests_is_symmetric_and_dominated_by_its_diagonal():
    matrix = dense_matrix(*system(1, 4, 5)[:2])[0]
    torch.testing.assert_close(matrix, matrix.T)
    torch.testing.assert_close(matrix.sum(1), torch.ones(20, dtype=torch.float64))
