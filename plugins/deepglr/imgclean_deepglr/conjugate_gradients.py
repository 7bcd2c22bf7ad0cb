"""Grid systems by conjugate gradients, without a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from imgclean_deepglr.graph import OFFSETS, degrees

if TYPE_CHECKING:
    from torch import Tensor

_TOLERANCES = {torch.float32: 1e-6, torch.float64: 1e-13}
_STEPS_BETWEEN_LOOKS = 20  # each look waits for a GPU
_MOST_STEPS = 400  # about 120 reach 1e-6 at a condition number of 250, and 240 reach 1e-13


def conjugate_gradients(couplings: Tensor, right: Tensor) -> Tensor:
    """Return x of (I + L) x = right, float[P, C, h, w].

    Each channel of each patch is a system of its own. It goes on until the residual of every one
    is below 1e-6 of its right-hand side (1e-13 in float64), or for 400 steps.

    Args:
        couplings: float[P, 4, h, w], the weights of the edges as in `graph`, not negative.
        right: float[P, C, h, w], of the same type.
    """
    matrix = _Matrix(couplings)
    residual = right.flatten(2).clone()
    x = torch.zeros_like(residual)
    direction = residual.clone()
    energy = _dot(residual, residual)
    enough = energy * _TOLERANCES[right.dtype] ** 2
    smallest = torch.finfo(right.dtype).tiny
    for step in range(_MOST_STEPS):
        if step % _STEPS_BETWEEN_LOOKS == 0 and bool((energy <= enough).all()):
            break
        product = matrix.times(direction)
        # A residual of 0 gives a length of 0, not 0 / 0.
        length = energy / _dot(direction, product).clamp_(min=smallest)
        x.addcmul_(length, direction)
        residual.addcmul_(length, product, value=-1)
        before, energy = energy, _dot(residual, residual)
        direction.mul_(energy / before.clamp(min=smallest)).add_(residual)
    return x.view_as(right)


class _Matrix:
    """I + L of each patch.

    Pixels are numbered row by row, and a kind of edge joins each one to that which is a fixed
    number of places on. Where a row ends this is no neighbour, and the coupling is 0.
    """

    def __init__(self, couplings: Tensor) -> None:
        width = couplings.shape[-1]
        self._centres = (1 + degrees(couplings)).flatten(1)[:, None]
        self._kinds = [
            (each[:, None, : each.shape[1] - places], places)
            for each, places in zip(
                couplings.flatten(2).unbind(1),
                (down * width + right for down, right in OFFSETS),
                strict=True,
            )
            if 0 < places < each.shape[1]
        ]

    def times(self, x: Tensor) -> Tensor:
        """Return the product with float[P, C, h w]: nine passes over it."""
        product: Tensor = self._centres * x
        count = x.shape[2]
        for couplings, places in self._kinds:
            product[..., : count - places].addcmul_(couplings, x[..., places:], value=-1)
            product[..., places:].addcmul_(couplings, x[..., : count - places], value=-1)
        return product


def _dot(one: Tensor, other: Tensor) -> Tensor:
    products: Tensor = torch.linalg.vecdot(one, other)
    return products[..., None]
