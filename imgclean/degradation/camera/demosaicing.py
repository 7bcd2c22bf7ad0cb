"""Three ways from what a sensor sees under colour filters back to colours.

Their filters are few sums of shifted planes: a convolution of one plane takes twice the time.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional

from imgclean.degradation.camera.mosaic import odd
from imgclean.degradation.camera.rows import spread

BILINEAR, LINEAR, DIRECTED = range(3)


def demosaic(raw: torch.Tensor, method: torch.Tensor) -> torch.Tensor:
    """Return float32[N, 3, H, W] of a mosaic float32[N, 1, H, W]; at the border it is mirrored.

    All three methods keep what the sensor saw at a pixel. BILINEAR is the mean of the nearest
    pixels of a colour. LINEAR adds how much the pixel's own colour bends: Malvar, He and Cutler,
    "High-quality linear interpolation for demosaicing of Bayer-patterned color images", ICASSP
    2004. DIRECTED takes green along edges, not across them, then red and blue by the bilinear mean
    of their difference from green: Hamilton and Adams, US patent 5,629,734, 1997.

    Args:
        raw: both sides 3 pixels at least.
        method: int64[N], one for each row.
    """
    padded = functional.pad(raw, (2, 2, 2, 2), mode="reflect")
    nearest = _nearest(padded)
    bends = _bends(padded)
    cross, straight = _straight(nearest, bends, spread(method == LINEAR))
    along_edges = _along_edges(padded, nearest, bends)
    odd_row, odd_column = odd(raw)
    green_here = odd_row ^ odd_column
    directed = spread(method == DIRECTED)
    green = torch.where(green_here, raw, torch.where(directed, along_edges, cross))
    base = directed * green
    difference = _nearest(functional.pad(raw - green, (2, 2, 2, 2), mode="reflect"))
    own, across, down, diagonal = (
        torch.where(directed, *each) for each in zip(difference, straight, strict=True)
    )
    in_red_row, in_blue_row = torch.where(odd_row, down, across), torch.where(odd_row, across, down)
    red = torch.where(green_here, in_red_row, torch.where(odd_row, diagonal, own))
    blue = torch.where(green_here, in_blue_row, torch.where(odd_row, own, diagonal))
    return torch.cat([red.add_(base), green, blue.add_(base)], dim=1)


class _Nearest(NamedTuple):
    """What red or blue would be at each pixel by the nearest; where those lie depends on the pixel.

    All are float32[N, 1, H, W].

    Attributes:
        own: where it is the pixel's own.
        across, down: at green, by two in its row, in its column.
        diagonal: red at blue and blue at red, by the four at its corners.
    """

    own: torch.Tensor
    across: torch.Tensor
    down: torch.Tensor
    diagonal: torch.Tensor


def _nearest(padded: torch.Tensor) -> _Nearest:
    """Return means of [N, 1, H + 4, W + 4]."""
    beside = padded[..., 1:-3] + padded[..., 3:-1]
    return _Nearest(
        padded[:, :, 2:-2, 2:-2],
        beside[:, :, 2:-2].mul(0.5),
        (padded[:, :, 1:-3, 2:-2] + padded[:, :, 3:-1, 2:-2]).mul_(0.5),
        (beside[:, :, 1:-3] + beside[:, :, 3:-1]).mul_(0.25),
    )


def _bends(padded: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return second differences of the pixel's own colour, in its row and in its column."""
    twice = 2 * padded[:, :, 2:-2, 2:-2]
    across = twice.sub(padded[:, :, 2:-2, :-4]).sub_(padded[:, :, 2:-2, 4:])
    return across, twice.sub_(padded[:, :, :-4, 2:-2]).sub_(padded[:, :, 4:, 2:-2])


def _straight(
    nearest: _Nearest, bends: tuple[torch.Tensor, torch.Tensor], bent: torch.Tensor
) -> tuple[torch.Tensor, _Nearest]:
    """Return green at red and blue, and red and blue, by the same filters at every place.

    Args:
        nearest: means.
        bends: what `_bends` returns.
        bent: bool[N, 1, 1, 1], which rows add it, as Malvar et al. do, Figure 2.
    """
    own, across, down, diagonal = nearest
    bend_across, bend_down = (each * (bent / 8) for each in bends)
    bend = bend_across + bend_down
    corners = (own - diagonal).mul_(bent / 2)  # at green they are green too
    return (across + down).mul_(0.5).add_(bend), _Nearest(
        own,
        (across + corners).add_(bend_across).sub_(bend_down, alpha=0.5),
        corners.add_(down).add_(bend_down).sub_(bend_across, alpha=0.5),
        torch.add(diagonal, bend, alpha=1.5),
    )


def _along_edges(
    padded: torch.Tensor, nearest: _Nearest, bends: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """Return green at red and blue from the row or the column, whichever changes less."""
    across, down = (
        mean.add(bend, alpha=0.25)
        for mean, bend in zip((nearest.across, nearest.down), bends, strict=True)
    )
    change_across = (padded[:, :, 2:-2, 1:-3] - padded[:, :, 2:-2, 3:-1]).abs_()
    change_down = (padded[:, :, 1:-3, 2:-2] - padded[:, :, 3:-1, 2:-2]).abs_()
    change_across, change_down = (
        change_across.add_(bends[0].abs()),
        change_down.add_(bends[1].abs()),
    )
    share = change_down.sub_(change_across).sign_().add_(1).mul_(0.5)  # 1/2 where both are equal
    return down.lerp_(across, share)
