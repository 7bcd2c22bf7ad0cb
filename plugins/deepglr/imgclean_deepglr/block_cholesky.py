"""Grid systems by a batched block-tridiagonal Cholesky factorisation.

A patch numbered row by row makes A = I + L block-tridiagonal: a pixel has neighbours in its own
row and in those above and below. With S_i the Schur complement that is left at row i, and E_i the
block that joins row i + 1 (its rows) to row i (its columns),

    S_i = K_i K_i^T,    C_i = E_i K_i^-T,    S_{i+1} = A_{i+1,i+1} - C_i C_i^T.

h steps on w x w blocks of all patches at once take the place of one factorisation of order h w
(Golub and Van Loan, Matrix Computations, section 4.5). E_i is tridiagonal, so that with K_i^-T at
hand C_i is three products by elements, and all substitutions are products of matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from imgclean_deepglr.graph import degrees

if TYPE_CHECKING:
    from torch import Tensor


class Factors(NamedTuple):
    """The factorisation of P systems, a batch of blocks for each row of pixels.

    Attributes:
        pivots: K_i^-T, float[P, w, w], upper triangular; h of them.
        links: -C_i, float[P, w, w], with the sign of the couplings; h - 1 of them.
    """

    pivots: tuple[Tensor, ...]
    links: tuple[Tensor, ...]


def factorise(couplings: Tensor) -> Factors:
    """Return the factors of I + L of each patch.

    Args:
        couplings: float[P, 4, h, w], the weights of the edges as in `graph`, not negative. That
            is not checked: a GPU would have to be waited for.
    """
    patches, _, height, width = couplings.shape
    centres = 1 + degrees(couplings)
    # By columns, as LAPACK wants it; dividing from the right takes half as long as from the left.
    identity = torch.eye(width, dtype=couplings.dtype, device=couplings.device)
    identity = identity.repeat(patches, 1, 1).mT
    schur = couplings.new_zeros(patches, width, width)
    pivots, links = [], []
    for row in range(height):
        right, below, below_right, below_left = couplings[:, :, row].unbind(1)
        schur.diagonal(0, 1, 2).add_(centres[:, row])
        schur.diagonal(-1, 1, 2).sub_(right[:, :-1])  # the upper triangle is not read
        lower = torch.linalg.cholesky_ex(schur).L
        pivot = torch.linalg.solve_triangular(lower.mT, identity, upper=True, left=False)
        pivots.append(pivot)
        if row + 1 < height:
            link = below[:, :, None] * pivot
            link[:, 1:].addcmul_(below_right[:, :-1, None], pivot[:, :-1])
            link[:, :-1].addcmul_(below_left[:, 1:, None], pivot[:, 1:])
            links.append(link)
            torch.baddbmm(schur, link, link.mT, beta=0, alpha=-1, out=schur)
    return Factors(tuple(pivots), tuple(links))


def substitute(factors: Factors, right: Tensor) -> Tensor:
    """Return x of A x = right, float[P, C, h, w].

    Args:
        factors: of A.
        right: float[P, C, h, w].
    """
    pivots, links = factors
    rows = list(right.unbind(2))  # as row vectors: A is symmetric, so x^T A = right^T
    for row, pivot in enumerate(pivots):
        if row > 0:
            rows[row] = torch.baddbmm(rows[row], rows[row - 1], links[row - 1].mT)
        rows[row] = torch.bmm(rows[row], pivot)
    for row in reversed(range(len(pivots))):
        if row + 1 < len(pivots):
            rows[row] = torch.baddbmm(rows[row], rows[row + 1], links[row])
        rows[row] = torch.bmm(rows[row], pivots[row].mT)
    return torch.stack(rows, 2)
