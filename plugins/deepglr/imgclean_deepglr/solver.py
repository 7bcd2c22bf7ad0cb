"""The system of each patch, (I + mu L) x = y, and its gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.autograd.function import once_differentiable

from imgclean_deepglr.block_cholesky import Factors, factorise, substitute
from imgclean_deepglr.conjugate_gradients import conjugate_gradients
from imgclean_deepglr.graph import OFFSETS, at_first, ends

if TYPE_CHECKING:
    from torch import Tensor

Method = Literal["auto", "cholesky", "cg"]

_FASTEST: dict[str, Method] = {"cpu": "cholesky", "cuda": "cholesky"}
"""What "auto" means on each kind of device; `benchmarks/deepglr_solver.py` measures it."""


def solve(weights: Tensor, mu: Tensor, right: Tensor, method: Method = "auto") -> Tensor:
    """Return x of (I + mu L) x = right for each patch, float[P, C, h, w].

    It computes in float64 if an argument has it and in float32 otherwise, under autocast too, and
    so is the result. All three arguments get gradients, once: the backward pass solves another
    system with the same matrix, so nothing is unrolled. Second derivatives raise `RuntimeError`.

    Nothing is checked, as a GPU would have to be waited for: negative weights or mu give a wrong
    result, and what is not finite gives one that is not.

    Args:
        weights: float[P, 4, h, w] of the edges as in `graph`; one graph serves all channels.
        mu: float[P], at most `graph.largest_mu` for the accuracy of float32 to suffice.
        right: float[P, C, h, w].
        method: "cholesky" factorises (`block_cholesky`), "cg" iterates (`conjugate_gradients`),
            "auto" is the one that is faster on the device.
    """
    if method == "auto":
        method = _FASTEST.get(right.device.type, "cholesky")
    dtype = (
        torch.float64 if torch.float64 in (weights.dtype, mu.dtype, right.dtype) else torch.float32
    )
    weights, mu, right = (each.to(dtype) for each in (weights, mu, right))
    with torch.autocast(right.device.type, enabled=False):
        couplings = weights * mu[:, None, None, None]
        if torch.is_grad_enabled() and (couplings.requires_grad or right.requires_grad):
            return _Solution.apply(couplings, right, method)  # type: ignore[no-untyped-call, no-any-return]
        if method == "cg":
            return conjugate_gradients(couplings, right)
        return substitute(factorise(couplings), right)


class _Solution(torch.autograd.Function):
    """x of A x = y, A = I + L of couplings float[P, 4, h, w].

    With g the gradient of x and l = A^-1 g, that of y is l, and that of the coupling of i and j is
    the sum over channels of -(l_i - l_j) (x_i - x_j).
    """

    @staticmethod
    def forward(ctx: Any, couplings: Tensor, right: Tensor, method: Method) -> Tensor:
        if method == "cg":
            x = conjugate_gradients(couplings, right)
            ctx.save_for_backward(couplings, x)
        else:
            factors = factorise(couplings)
            x = substitute(factors, right)
            ctx.save_for_backward(couplings, x, *factors.pivots, *factors.links)
        ctx.set_materialize_grads(True)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, None]:
        couplings, x, *blocks = ctx.saved_tensors
        with torch.autocast(gradient.device.type, enabled=False):
            if blocks:
                height = x.shape[2]
                factors = Factors(tuple(blocks[:height]), tuple(blocks[height:]))
                adjoint = substitute(factors, gradient)
            else:
                adjoint = conjugate_gradients(couplings, gradient)
            of_couplings = _of_couplings(adjoint, x) if ctx.needs_input_grad[0] else None
        return of_couplings, adjoint, None


def _of_couplings(adjoint: Tensor, x: Tensor) -> Tensor:
    kinds = []
    for offset in OFFSETS:
        (l_i, l_j), (x_i, x_j) = ends(adjoint, offset), ends(x, offset)
        kinds.append(at_first(((l_j - l_i) * (x_i - x_j)).sum(1), offset))
    return torch.stack(kinds, 1)
