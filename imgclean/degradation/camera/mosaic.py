"""A sensor's colour filters, RGGB."""

from __future__ import annotations

import torch


def mosaic(light: torch.Tensor) -> torch.Tensor:
    """Return what a sensor under a Bayer filter RGGB sees: float32[N, 1, H, W] of [N, 3, H, W].

    Rows and columns count from the image's first pixel, which is red.
    """
    red, green, blue = light.split(1, dim=1)
    odd_row, odd_column = odd(light)
    return torch.where(odd_row ^ odd_column, green, torch.where(odd_row, blue, red))


def white_balance(raw: torch.Tensor, gains: torch.Tensor) -> torch.Tensor:
    """Return raw float32[N, 1, H, W] with red, green and blue pixels times gains float32[N, 3].

    That comes before demosaicing, which compares pixels of different colours.
    """
    return raw * mosaic(gains[:, :, None, None].expand(-1, -1, *raw.shape[2:]))


def odd(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return bool[H, 1] and bool[W], whether a row and a column has an odd number."""
    height, width = image.shape[2:]
    odd_row = torch.arange(height, device=image.device) % 2 == 1
    odd_column = torch.arange(width, device=image.device) % 2 == 1
    return odd_row.view(-1, 1), odd_column
