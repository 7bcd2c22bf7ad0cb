"""The graph of a patch: each pixel is joined to its eight neighbours.

The weights of its edges are one tensor, float[P, 4, h, w] for P patches: of each pixel to its
neighbour to the right, below, below right and below left. Where that neighbour lies off the patch
there is no edge, and the entry is exactly 0.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

OFFSETS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Rows down and columns to the right, of the neighbour of each kind of edge."""

CONDITION = 250.0
"""The largest condition number that a system of a patch may have (Zeng et al., section 3.4)."""

_SMALLEST_DEGREE = 1e-4  # keeps mu finite, and its gradient, where a patch has no edges


def ends(values: Tensor, offset: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return the values at both ends of the edges of a kind, as views float[..., h', w'].

    Args:
        values: float[..., h, w], one for each pixel.
        offset: one of `OFFSETS`.
    """
    height, width = values.shape[-2:]
    down, right = offset
    left = max(0, -right)
    columns = max(0, width - abs(right))
    first = values[..., : max(0, height - down), left : left + columns]
    start = left + right
    return first, values[..., down:, start : start + columns]


def at_first(edges: Tensor, offset: tuple[int, int]) -> Tensor:
    """Return each edge of a kind at its first end, and 0 at other pixels, float[..., h, w].

    Args:
        edges: float[..., h', w'], as from `ends`.
        offset: one of `OFFSETS`.
    """
    down, right = offset
    return functional.pad(edges, (max(0, -right), max(0, right), 0, down))


def at_second(edges: Tensor, offset: tuple[int, int]) -> Tensor:
    """Return what `at_first` does, but at the second end: the neighbour."""
    down, right = offset
    return functional.pad(edges, (max(0, right), max(0, -right), down, 0))


def edge_weights(exemplars: Tensor, epsilon: float = 1.0) -> Tensor:
    """Return exp(-||f_i - f_j||^2 / (2 epsilon^2)) of each edge, float[P, 4, h, w] in [0, 1].

    Args:
        exemplars: float[P, N, h, w], f; raised to float32 from half precision.
        epsilon: the distance that counts as near, in units of the exemplars.
    """
    exemplars = _at_least_single(exemplars)
    kinds = []
    for offset in OFFSETS:
        first, second = ends(exemplars, offset)
        distances = (first - second).square().sum(1)
        kinds.append(at_first((distances * (-0.5 / epsilon**2)).exp(), offset))
    return torch.stack(kinds, 1)


def degrees(weights: Tensor) -> Tensor:
    """Return the sum of the weights of each pixel's edges, float[P, h, w].

    Args:
        weights: float[P, 4, h, w] of the edges.
    """
    total = weights.sum(1)
    for kind, offset in enumerate(OFFSETS):
        total = total + at_second(ends(weights[:, kind], offset)[0], offset)
    return total


def laplacian_product(weights: Tensor, x: Tensor) -> Tensor:
    """Return L x of each channel, float[P, C, h, w], where L = degrees - adjacency.

    Args:
        weights: float[P, 4, h, w] of the edges.
        x: float[P, C, h, w].
    """
    product = torch.zeros_like(x)
    for kind, offset in enumerate(OFFSETS):
        first, second = ends(x, offset)
        flow = ends(weights[:, kind : kind + 1], offset)[0] * (first - second)
        product = product + at_first(flow, offset) - at_second(flow, offset)
    return product


def largest_mu(weights: Tensor, condition: float = CONDITION) -> Tensor:
    """Return the largest mu of each patch, float[P], at which I + mu L is well-conditioned.

    No eigenvalue of L exceeds twice the largest degree d, so this is (condition - 1) / (2 d).
    Without edges any mu will do; the one returned is finite, and has no gradient.

    Args:
        weights: float[P, 4, h, w] of the edges.
        condition: what the condition number may be.
    """
    largest = degrees(weights).amax((1, 2)).clamp(min=_SMALLEST_DEGREE)
    return (condition - 1) / (2 * largest)


def _at_least_single(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
