"""CNN_mu: how strongly each patch is regularised."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from imgclean_deepglr.convolution import convolution_and_relu
from imgclean_deepglr.lattice import SIDE

_FEATURES = 32
_FIRST_MU = 1.0  # a mu of 0 for every patch gives the graph's network no gradient


class RegularisationWeight(nn.Module):
    """Four convolutions, three poolings and two layers behind them (Figure 4): 37,921 parameters.

    Args:
        channels: of the image.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        pooled = [nn.MaxPool2d(2), *convolution_and_relu(_FEATURES, _FEATURES)]
        first = [
            *convolution_and_relu(channels, _FEATURES),
            *convolution_and_relu(_FEATURES, _FEATURES),
        ]
        self.features = nn.Sequential(
            *first,
            *pooled,
            nn.MaxPool2d(2),
            *convolution_and_relu(_FEATURES, _FEATURES),
            nn.MaxPool2d(2),
        )
        side = SIDE // 2 // 2 // 2
        self.decide = nn.Sequential(
            nn.Linear(_FEATURES * side * side, _FEATURES),
            nn.ReLU(inplace=True),
            nn.Linear(_FEATURES, 1),
            RecoveringReLU(),
        )
        nn.init.constant_(self.decide[2].bias, _FIRST_MU)  # type: ignore[arg-type]

    def forward(self, patches: Tensor) -> Tensor:
        """Return mu, float[P] from 0 on, of float[P, C, 26, 26]."""
        mu: Tensor = self.decide(self.features(patches).flatten(1)).squeeze(1)
        return mu


class RecoveringReLU(nn.Module):
    """A ReLU whose result can come back from 0: where it is, a gradient that wants more passes.

    With the plain one, patches that an earlier block has cleaned get a mu of 0 soon, and for good:
    the later blocks are left without a graph.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return max(x, 0), float of any shape."""
        if not torch.is_grad_enabled():
            return x.clamp(min=0)
        rectified: Tensor = _Recovering.apply(x)  # type: ignore[no-untyped-call]
        return rectified


class _Recovering(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        passed: Tensor = gradient * ((x > 0) | (gradient < 0))
        return passed
