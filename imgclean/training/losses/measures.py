"""What each term of a loss measures, without its weight.

`output` and `clean` are float[N, C, H, W]; every result has no dimensions and lies on their device.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import torch

from imgclean.errors import InvalidSetting
from imgclean.gradient import sobel
from imgclean.training.losses.edges import canny_map, sobel_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from imgclean.training.losses.terms import (
        Charbonnier,
        EdgeWeightedError,
        Reduction,
        SquaredError,
        WeightPenalty,
    )


def squared_error(term: SquaredError, output: Tensor, clean: Tensor) -> Tensor:
    """Return the mean of the squares, or their sum over twice the number of images."""
    return _reduced((output - clean).square(), term.reduction)


def absolute_error(output: Tensor, clean: Tensor) -> Tensor:
    """Return the mean of the absolute errors."""
    return (output - clean).abs().mean()


def charbonnier(term: Charbonnier, output: Tensor, clean: Tensor) -> Tensor:
    """Return the mean of sqrt(error^2 + epsilon^2)."""
    return ((output - clean).square() + term.epsilon**2).sqrt().mean()


def gradient_difference(output: Tensor, clean: Tensor) -> Tensor:
    """Return the mean absolute error of the horizontal Sobel component and of the vertical, added.

    Sobel's filter is linear: that of the difference is the difference of those.
    """
    horizontal, vertical = sobel(output - clean)
    return horizontal.abs().mean() + vertical.abs().mean()


def edge_weighted_error(term: EdgeWeightedError, output: Tensor, clean: Tensor) -> Tensor:
    """Return the squares, or the magnitudes, of the error times the edge map, reduced alike."""
    edges = sobel_map(clean) if term.map == "sobel" else canny_map(clean)
    weighted = (output - clean) * edges
    return _reduced(weighted.square() if term.norm == "l2" else weighted.abs(), term.reduction)


def weight_penalty(term: WeightPenalty, parameters: Sequence[Tensor]) -> Tensor:
    """Return the sum of (|w| + epsilon)^p over all elements."""
    parts = [(each.abs() + term.epsilon).pow(term.p).sum() for each in parameters]
    return torch.stack(parts).sum()


def penalised_parameters(term: WeightPenalty, network: torch.nn.Module) -> list[Tensor]:
    """Return the network's parameters that the term's patterns name, each once.

    Raises:
        InvalidSetting: a pattern matches no parameter.
    """
    names = dict(network.named_parameters())
    for pattern in term.parameters:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InvalidSetting(
                f"loss weight_penalty: no parameter matches {pattern!r}",
                hint=f"there are {', '.join(names)}",
            )
    return [
        parameter
        for name, parameter in names.items()
        if any(fnmatchcase(name, pattern) for pattern in term.parameters)
    ]


def _reduced(errors: Tensor, reduction: Reduction) -> Tensor:
    """Return the mean, or the sum over twice the number of images."""
    return errors.mean() if reduction == "mean" else errors.sum() / (2 * len(errors))
