"""Graphs of patches and their dense matrices, for the tests."""

from __future__ import annotations

import torch
from imgclean_deepglr.graph import edge_weights, largest_mu

STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def random_exemplars(patches, height, width, *, spread=1.0, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return spread * torch.randn(patches, 3, height, width, generator=generator, dtype=dtype)


def random_patches(patches, height, width, channels=3, *, seed=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(patches, channels, height, width, generator=generator, dtype=dtype)


def system(patches, height, width, *, spread=0.5, dtype=torch.float64):
    """Return random edge weights, mu at its bound, and right-hand sides."""
    weights = edge_weights(random_exemplars(patches, height, width, spread=spread, dtype=dtype))
    return weights, largest_mu(weights), random_patches(patches, height, width, dtype=dtype)


def exemplars_of(kind, height=12, width=12):
    """Return float64[1, 3, h, w] that are hard on the graph in some way."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    isolated = torch.zeros(height, width)
    isolated[height // 2, width // 2] = 1e6
    shapes = {
        "constant": torch.full((height, width), 7.0),
        "checkerboard": 3.0 * ((rows + columns) % 2),
        "huge": 1e30 * torch.randn(height, width, generator=torch.Generator().manual_seed(0)),
        "isolated pixel": isolated,
        "step": 4.0 * (columns >= width // 2),
        "random": random_exemplars(1, height, width)[0, 0],
    }
    return shapes[kind].double().expand(1, 3, height, width).clone()


ADVERSARIAL = ("constant", "checkerboard", "huge", "isolated pixel", "step", "random")


def dense_laplacian(weights):
    """Return L of each patch, [P, h w, h w], edge by edge; differentiable."""
    patches, _, height, width = weights.shape
    edges = [
        (kind, row, column, (row + down) * width + column + right)
        for kind, (down, right) in enumerate(STEPS)
        for row in range(height - down)
        for column in range(width)
        if 0 <= column + right < width
    ]
    count = height * width
    if not edges:
        return weights.new_zeros(patches, count, count)
    kinds, rows, columns, others = torch.tensor(edges).T
    values = weights[:, kinds, rows, columns]
    incidence = torch.zeros(len(edges), count, dtype=weights.dtype)
    at = torch.arange(len(edges))
    incidence[at, rows * width + columns] = 1
    incidence[at, others] = -1
    return torch.stack([incidence.T @ (each[:, None] * incidence) for each in values])


def dense_matrix(weights, mu):
    """Return I + mu L of each patch."""
    laplacian = dense_laplacian(weights)
    identity = torch.eye(laplacian.shape[1], dtype=laplacian.dtype)
    return identity + mu[:, None, None] * laplacian


def dense_solution(weights, mu, right):
    """Return x, each patch by itself."""
    columns = right.flatten(2).mT
    solved = [
        torch.cholesky_solve(b, torch.linalg.cholesky(a))
        for a, b in zip(dense_matrix(weights, mu), columns, strict=True)
    ]
    return torch.stack(solved).mT.reshape_as(right)


def relative_error(found, true):
    found, true = found.detach().double(), true.detach().double()
    return float((found - true).norm() / true.norm())
