"""A sensor's colour filters, RGGB, and three ways back from them to colours."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional


def mosaic(light: torch.Tensor) -> torch.Tensor:
    """Return what a sensor under a Bayer filter RGGB sees: float32[N, 1, H, W] of [N, 3, H, W].

    Rows and columns count from the image's first pixel, which is red.
    """
    red, green, blue = light.split(1, dim=1)
    odd_row, odd_column = _odd(light)
    return torch.where(odd_row ^ odd_column, green, torch.where(odd_row, blue, red))


def white_balance(raw: torch.Tensor, gains: torch.Tensor) -> torch.Tensor:
    """Return raw float32[N, 1, H, W] with red, green and blue pixels times gains float32[N, 3].

    That comes before demosaicing, which compares pixels of different colours.
    """
    return raw * mosaic(gains[:, :, None, None].expand(-1, -1, *raw.shape[2:]))


class Neighbours(NamedTuple):
    """What is around each pixel of a mosaic; beyond the border it is mirrored.

    All are float32[N, 1, H, W]. Pixels of its own colour are two away in its row and column.

    Attributes:
        own: the mosaic itself.
        across, down, diagonal: means of the two next in its row, of the two in its column, of the
            four at its corners.
        step_across, step_down: differences of the two next in its row, in its column.
        bend_across, bend_down: second differences, twice the pixel less the two of its own colour.
    """

    own: torch.Tensor
    across: torch.Tensor
    down: torch.Tensor
    diagonal: torch.Tensor
    step_across: torch.Tensor
    step_down: torch.Tensor
    bend_across: torch.Tensor
    bend_down: torch.Tensor


def neighbours(raw: torch.Tensor) -> Neighbours:
    """Return the neighbours in float32[N, 1, H, W], both sides 3 pixels at least."""
    padded = functional.pad(raw, (2, 2, 2, 2), mode="reflect")
    columns = padded[:, :, 2:-2]
    rows = padded[..., 2:-2]
    left, right = columns[..., 1:-3], columns[..., 3:-1]
    above, below = rows[:, :, 1:-3], rows[:, :, 3:-1]
    beside = padded[..., 1:-3] + padded[..., 3:-1]
    twice = 2 * raw
    return Neighbours(
        raw,
        (left + right).mul_(0.5),
        (above + below).mul_(0.5),
        (beside[:, :, 1:-3] + beside[:, :, 3:-1]).mul_(0.25),
        left - right,
        above - below,
        twice - columns[..., :-4] - columns[..., 4:],
        twice - rows[:, :, :-4] - rows[:, :, 4:],
    )


def demosaic_bilinear(around: Neighbours) -> torch.Tensor:
    """Return float32[N, 3, H, W]: the mean of the nearest pixels of a colour."""
    cross = (around.across + around.down).mul_(0.5)
    return _coloured(around.own, cross, around.across, around.down, around.diagonal)


def demosaic_linear(around: Neighbours) -> torch.Tensor:
    """Return float32[N, 3, H, W] by the gradient-corrected linear filters of Malvar et al.

    "High-quality linear interpolation for demosaicing of Bayer-patterned color images", ICASSP
    2004, Figure 2: the mean of the nearest and a share of how much the pixel's own colour bends.
    """
    own, across, down, diagonal, *_, bend_across, bend_down = around
    bend = bend_across + bend_down
    cross = (across + down).mul_(0.5).add_(bend, alpha=1 / 8)
    # of green's nearest of its own colour four are at its corners
    corners = (own - diagonal).mul_(0.5)
    return _coloured(
        own,
        cross,
        (across + corners).add_(bend_across, alpha=1 / 8).sub_(bend_down, alpha=1 / 16),
        (down + corners).add_(bend_down, alpha=1 / 8).sub_(bend_across, alpha=1 / 16),
        bend.mul_(3 / 16).add_(diagonal),
    )


def demosaic_directed(around: Neighbours) -> torch.Tensor:
    """Return float32[N, 3, H, W] with green taken along edges, not across them.

    Hamilton and Adams, US patent 5,629,734 (1997): green along the direction of the smaller
    gradient, then red and blue by the bilinear mean of their difference from green.
    """
    raw = around.own
    across = around.across.add(around.bend_across, alpha=1 / 4)
    down = around.down.add(around.bend_down, alpha=1 / 4)
    slope_across = around.step_across.abs().add_(around.bend_across.abs())
    slope_down = around.step_down.abs().add_(around.bend_down.abs())
    share = (slope_down - slope_across).sign_().add_(1).mul_(0.5)  # 1/2 where both are equal
    odd_row, odd_column = _odd(raw)
    green = torch.where(odd_row ^ odd_column, raw, torch.lerp(down, across, share))
    chroma = neighbours(raw - green)
    coloured = _coloured(chroma.own, chroma.own, chroma.across, chroma.down, chroma.diagonal)
    coloured[:, 1] = 0
    return coloured.add_(green)


def _coloured(
    own: torch.Tensor,
    cross: torch.Tensor,
    across: torch.Tensor,
    down: torch.Tensor,
    diagonal: torch.Tensor,
) -> torch.Tensor:
    """Return float32[N, 3, H, W] from what a colour would be by its nearest, as they lie.

    Args:
        own: the pixel's own.
        cross: green at red and blue, between four.
        across, down: red or blue at green, between two in its row, in its column.
        diagonal: red at blue and blue at red, between four.
    """
    odd_row, odd_column = _odd(own)
    green_here = odd_row ^ odd_column
    red_row = torch.where(odd_row, down, across)
    blue_row = torch.where(odd_row, across, down)
    return torch.cat(
        [
            torch.where(green_here, red_row, torch.where(odd_row, diagonal, own)),
            torch.where(green_here, own, cross),
            torch.where(green_here, blue_row, torch.where(odd_row, own, diagonal)),
        ],
        dim=1,
    )


def _odd(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return bool[H, 1] and bool[W], whether a row and a column has an odd number."""
    height, width = image.shape[2:]
    odd_row = torch.arange(height, device=image.device) % 2 == 1
    odd_column = torch.arange(width, device=image.device) % 2 == 1
    return odd_row.view(-1, 1), odd_column
