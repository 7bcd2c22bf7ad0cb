"""The graph Laplacian regularisation layer (Section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from imgclean_deepglr.graph import edge_weights, largest_mu
from imgclean_deepglr.lattice import Lattice
from imgclean_deepglr.regularisation_weight import RegularisationWeight
from imgclean_deepglr.solver import solve

if TYPE_CHECKING:
    from imgclean_deepglr.options import DeepGLROptions

_AT_ONCE = {"cpu": 144, "cuda": 4096}
"""Patches that are solved together where nothing is kept for a gradient: it bounds the memory."""


class GraphLaplacianLayer(nn.Module):
    """Filters each patch along a graph of its exemplars: x = (I + mu L)^-1 y, then averages.

    Args:
        options: those of `DeepGLROptions`.
    """

    def __init__(self, options: DeepGLROptions) -> None:
        super().__init__()
        self.weight = RegularisationWeight(options.channels)
        self._epsilon = options.epsilon
        self._condition = options.condition

    def forward(self, image: Tensor, filtered: Tensor, exemplars: Tensor) -> Tensor:
        """Return the image that the layer makes, float32[N, C, H, W], or float64 of such.

        Args:
            image: the block's input, float[N, C, H, W] with H and W from 26 on, from which mu is
                estimated.
            filtered: what is regularised, y in equation (2), float[N, C, H, W].
            exemplars: what the graph's weights compare, float[N, F, H, W].
        """
        lattice = Lattice(image.shape[2], image.shape[3])
        at_once = None if torch.is_grad_enabled() else _AT_ONCE.get(image.device.type)
        parts = [lattice.cut(each) for each in (image, filtered, exemplars)]
        if at_once is None:
            return lattice.average(self._regularised(*parts))
        split = zip(*(each.split(at_once) for each in parts), strict=True)
        return lattice.average(torch.cat([self._regularised(*each) for each in split]))

    def _regularised(self, image: Tensor, filtered: Tensor, exemplars: Tensor) -> Tensor:
        """Return the patches, float[P, C, 26, 26], as a graph for each of them filters them."""
        weights = edge_weights(exemplars, self._epsilon)
        mu = self.weight(image).to(weights.dtype)
        return solve(weights, mu.minimum(largest_mu(weights, self._condition)), filtered)
