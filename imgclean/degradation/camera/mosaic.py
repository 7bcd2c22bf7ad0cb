"""A sensor's colour filters, RGGB, and three ways back from them to colours."""

from __future__ import annotations

import torch
from torch.nn import functional

REACH = 4
"""Pixels around one from which its colour is made, at most."""


def mosaic(light: torch.Tensor) -> torch.Tensor:
    """Return what a sensor under a Bayer filter RGGB sees: float32[N, 1, H, W] of [N, 3, H, W].

    Rows and columns count from the image's first pixel, which is red.
    """
    red, green_first, green_second, blue = _places(light)
    planes = light.unbind(1)
    return (
        planes[0] * red + planes[1] * (green_first + green_second) + planes[2] * blue
    ).unsqueeze(1)


def white_balance(raw: torch.Tensor, gains: torch.Tensor) -> torch.Tensor:
    """Return raw float32[N, 1, H, W] with red, green and blue pixels times gains float32[N, 3].

    That comes before demosaicing, which compares pixels of different colours.
    """
    return raw * mosaic(gains[:, :, None, None].expand(-1, -1, *raw.shape[2:]))


def demosaic_bilinear(raw: torch.Tensor) -> torch.Tensor:
    """Return float32[N, 3, H, W] of [N, 1, H, W]: the mean of the nearest pixels of a colour."""
    red, green_first, green_second, blue = _places(raw)
    green = green_first + green_second
    near = _filtered(raw * green, _CROSS) + raw * green
    return torch.cat(
        [_filtered(raw * red, _TENT), near, _filtered(raw * blue, _TENT)],
        dim=1,
    )


def demosaic_linear(raw: torch.Tensor) -> torch.Tensor:
    """Return float32[N, 3, H, W] by the gradient-corrected linear filters of Malvar et al.

    "High-quality linear interpolation for demosaicing of Bayer-patterned color images", ICASSP
    2004, Figure 2.
    """
    red, green_first, green_second, blue = _places(raw)
    found = _filtered(raw, _MALVAR)
    at_cross, along_row, along_column, at_diagonal = found.split(1, dim=1)
    green = green_first + green_second
    return torch.cat(
        [
            raw * red + along_row * green_first + along_column * green_second + at_diagonal * blue,
            raw * green + at_cross * (red + blue),
            raw * blue + along_row * green_second + along_column * green_first + at_diagonal * red,
        ],
        dim=1,
    )


def demosaic_directed(raw: torch.Tensor) -> torch.Tensor:
    """Return float32[N, 3, H, W] with green taken along edges, not across them.

    Hamilton and Adams, US patent 5,629,734 (1997): green along the direction of the smaller
    gradient, then red and blue by the bilinear mean of their difference from green.
    """
    red, green_first, green_second, blue = _places(raw)
    across, down, change_across, change_down = _filtered(raw, _DIRECTED).split(1, dim=1)
    gradient_across = _filtered(raw, _GREEN_ACROSS).abs() + change_across.abs()
    gradient_down = _filtered(raw, _GREEN_DOWN).abs() + change_down.abs()
    both = (across + down) / 2
    inside = torch.where(
        gradient_across < gradient_down,
        across,
        torch.where(gradient_down < gradient_across, down, both),
    )
    green = torch.where(green_first + green_second > 0, raw, inside)
    difference = raw - green
    return torch.cat(
        [
            green + _filtered(difference * red, _TENT),
            green,
            green + _filtered(difference * blue, _TENT),
        ],
        dim=1,
    )


def _places(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return float32[H, W] that are 1 at red, at green in red's rows, in blue's rows, at blue."""
    height, width = image.shape[2:]
    odd_row = (torch.arange(height, device=image.device) % 2).float().view(-1, 1)
    odd_column = (torch.arange(width, device=image.device) % 2).float()
    return (
        (1 - odd_row) * (1 - odd_column),
        (1 - odd_row) * odd_column,
        odd_row * (1 - odd_column),
        odd_row * odd_column,
    )


def _filtered(
    raw: torch.Tensor, kernels: tuple[tuple[tuple[float, ...], ...], ...]
) -> torch.Tensor:
    """Return float32[N, K, H, W], one plane after each of K filters; mirrored at the border."""
    weights = raw.new_tensor(kernels).unsqueeze(1)
    reach = weights.shape[-1] // 2
    padded = functional.pad(raw, (reach, reach, reach, reach), mode="reflect")
    return functional.conv2d(padded, weights)


_TENT = (((0.25, 0.5, 0.25), (0.5, 1.0, 0.5), (0.25, 0.5, 0.25)),)
_CROSS = (((0.0, 0.25, 0.0), (0.25, 0.0, 0.25), (0.0, 0.25, 0.0)),)


def _eighths(*rows: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(each / 8 for each in row) for row in rows)


# another colour at the same pixel: green at red and blue; red or blue at green, with its
# neighbours in the row, in the column; red at blue and blue at red
_MALVAR = (
    _eighths(
        (0, 0, -1, 0, 0), (0, 0, 2, 0, 0), (-1, 2, 4, 2, -1), (0, 0, 2, 0, 0), (0, 0, -1, 0, 0)
    ),
    _eighths(
        (0, 0, 0.5, 0, 0),
        (0, -1, 0, -1, 0),
        (-1, 4, 5, 4, -1),
        (0, -1, 0, -1, 0),
        (0, 0, 0.5, 0, 0),
    ),
    _eighths(
        (0, 0, -1, 0, 0),
        (0, -1, 4, -1, 0),
        (0.5, 0, 5, 0, 0.5),
        (0, -1, 4, -1, 0),
        (0, 0, -1, 0, 0),
    ),
    _eighths(
        (0, 0, -1.5, 0, 0),
        (0, 2, 0, 2, 0),
        (-1.5, 0, 6, 0, -1.5),
        (0, 2, 0, 2, 0),
        (0, 0, -1.5, 0, 0),
    ),
)
_NOTHING = (0.0, 0.0, 0.0, 0.0, 0.0)
# green from the row and from the column, and second differences of the pixel's own colour
_DIRECTED = (
    (_NOTHING, _NOTHING, (-0.25, 0.5, 0.5, 0.5, -0.25), _NOTHING, _NOTHING),
    (
        (0.0, 0.0, -0.25, 0.0, 0.0),
        (0.0, 0.0, 0.5, 0.0, 0.0),
        (0.0, 0.0, 0.5, 0.0, 0.0),
        (0.0, 0.0, 0.5, 0.0, 0.0),
        (0.0, 0.0, -0.25, 0.0, 0.0),
    ),
    (_NOTHING, _NOTHING, (-1.0, 0.0, 2.0, 0.0, -1.0), _NOTHING, _NOTHING),
    (
        (0.0, 0.0, -1.0, 0.0, 0.0),
        _NOTHING,
        (0.0, 0.0, 2.0, 0.0, 0.0),
        _NOTHING,
        (0.0, 0.0, -1.0, 0.0, 0.0),
    ),
)
_GREEN_ACROSS = (((0.0, 0.0, 0.0), (1.0, 0.0, -1.0), (0.0, 0.0, 0.0)),)
_GREEN_DOWN = (((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.0, -1.0, 0.0)),)
