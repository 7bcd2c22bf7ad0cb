import math

import pytest
import torch
from deepglr_material import (
    ADVERSARIAL,
    STEPS,
    dense_laplacian,
    dense_matrix,
    exemplars_of,
    random_exemplars,
    random_patches,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from imgclean_deepglr.graph import degrees, edge_weights, laplacian_product, largest_mu

sides = st.integers(1, 5)


@given(sides, sides, st.floats(0.3, 3))
@settings(max_examples=15, deadline=None)
def test_a_weight_is_the_gaussian_of_the_distance_and_0_off_the_patch(height, width, epsilon):
    exemplars = random_exemplars(2, height, width)
    weights = edge_weights(exemplars, epsilon)
    assert weights.shape == (2, 4, height, width)
    for kind, (down, right) in enumerate(STEPS):
        for row in range(height):
            for column in range(width):
                found = weights[1, kind, row, column].item()
                if row + down >= height or not 0 <= column + right < width:
                    assert found == 0
                    continue
                here = exemplars[1, :, row, column]
                there = exemplars[1, :, row + down, column + right]
                square = float((here - there).square().sum())
                assert found == pytest.approx(math.exp(-square / (2 * epsilon**2)), rel=1e-12)


@given(sides, sides)
@settings(max_examples=15, deadline=None)
def test_products_and_degrees_are_those_of_the_dense_laplacian(height, width):
    weights = edge_weights(random_exemplars(2, height, width))
    x = random_patches(2, height, width)
    dense = dense_laplacian(weights)
    expected = (dense @ x.flatten(2).mT).mT.reshape_as(x)
    torch.testing.assert_close(laplacian_product(weights, x), expected, rtol=1e-12, atol=1e-12)
    on_diagonal = dense.diagonal(dim1=1, dim2=2).reshape(2, height, width)
    torch.testing.assert_close(degrees(weights), on_diagonal, rtol=1e-12, atol=1e-12)


def test_a_constant_has_no_roughness_exactly():
    weights = edge_weights(random_exemplars(2, 6, 5, dtype=torch.float32))
    assert not laplacian_product(weights, torch.full((2, 3, 6, 5), 0.3)).any()


def test_gradients_agree_with_finite_differences():
    exemplars = random_exemplars(2, 3, 4, spread=0.5).requires_grad_()
    x = random_patches(2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(edge_weights, exemplars)
    weights = edge_weights(exemplars).detach().requires_grad_()
    assert torch.autograd.gradcheck(laplacian_product, (weights, x))
    assert torch.autograd.gradcheck(degrees, weights)
    assert torch.autograd.gradcheck(largest_mu, weights)


@pytest.mark.parametrize("kind", ADVERSARIAL)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_no_exemplars_give_a_gradient_that_is_not_finite(kind, dtype):
    bound = torch.finfo(dtype).max / 4
    exemplars = exemplars_of(kind).clamp(-bound, bound).to(dtype).requires_grad_()
    weights = edge_weights(exemplars)
    mu = largest_mu(weights)
    (mu.sum() + laplacian_product(weights, exemplars.detach().float()).square().mean()).backward()
    assert weights.dtype == torch.float32
    assert weights.isfinite().all()
    assert mu.isfinite().all()
    if kind != "huge":  # there the product itself overflows
        assert exemplars.grad.isfinite().all()


@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_at_the_largest_mu_the_condition_number_is_at_most_250(kind):
    weights = edge_weights(exemplars_of(kind))
    values = torch.linalg.eigvalsh(dense_matrix(weights, largest_mu(weights))[0])
    assert values[0] > 1 - 1e-9
    assert values[-1] / values[0] <= 250


@given(st.integers(0, 1000), st.floats(0.01, 3))
@settings(max_examples=10, deadline=None)
def test_the_condition_number_is_at_most_250_on_random_exemplars(seed, spread):
    weights = edge_weights(random_exemplars(1, 6, 7, seed=seed, spread=spread))
    assert torch.linalg.cond(dense_matrix(weights, largest_mu(weights))[0]) <= 250


def test_the_largest_mu_of_a_patch_without_edges_is_finite_and_has_no_gradient():
    weights = torch.zeros(1, 4, 3, 3, requires_grad=True)
    mu = largest_mu(weights)
    mu.sum().backward()
    assert mu.isfinite().all()
    assert not weights.grad.any()


def test_exemplars_in_half_precision_are_compared_in_float32_under_autocast():
    exemplars = random_exemplars(1, 5, 5).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        weights = edge_weights(exemplars)
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights, edge_weights(exemplars.float()), rtol=0, atol=0)
