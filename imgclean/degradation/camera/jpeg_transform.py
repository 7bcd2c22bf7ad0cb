"""JPEG's losses as a function of tensors: every row at a quality and subsampling of its own.

ITU-T T.81 and T.871 (JFIF), with the choices of libjpeg: its quantisation tables, its 2x2 mean for
4:2:0 and its triangle filter back, and where and how its integers are rounded; without the last,
one in ten pixels came out otherwise by two levels or more. What follows quantisation, the coding,
loses nothing and is left out, so that the whole runs on any device.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch.nn import functional

from imgclean.degradation.camera.rows import spread, times_matrix

GRID = 16
"""Pixels of a block of chroma at 4:2:0: the sides of an image are a multiple of it."""

_MIDDLE = 128
_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8 for _ in range(4)),
)


def jpeg_losses(image: torch.Tensor, quality: torch.Tensor, halved: torch.Tensor) -> torch.Tensor:
    """Return what a JPEG decoder would show, in [0, 1], in steps of 1 / 255.

    Args:
        image: float32[N, 3, H, W] in [0, 1], both sides multiples of 16.
        quality: float32[N], libjpeg's, 1 to 100.
        halved: bool[N], whether chroma has half the resolution (4:2:0) or all of it (4:4:4).
    """
    # chroma's halves go down
    ycc = _half_up(ycc_from_rgb(image.mul(255).round_().clamp_(0, 255)).neg_()).neg_()
    ycc[:, 0] -= _MIDDLE
    chroma_steps = _steps(_CHROMA, quality)
    luma = _quantised(ycc[:, :1], _steps(_LUMA, quality)) + _MIDDLE
    whole = _quantised(ycc[:, 1:], chroma_steps)
    small = _quantised(_halved(ycc[:, 1:]), chroma_steps)
    chroma = torch.where(spread(halved), _enlarged(small), whole)
    decoded = rgb_from_ycc(torch.cat([luma, chroma], dim=1))
    return decoded.round_().clamp_(0, 255).div_(255)


def ycc_from_rgb(rgb: torch.Tensor) -> torch.Tensor:
    """Return Y, Cb and Cr of float32[N, 3, H, W]; chroma is 0 where there is no colour (T.871)."""
    return times_matrix(rgb, _ycc_matrix(rgb.device))


def rgb_from_ycc(ycc: torch.Tensor) -> torch.Tensor:
    """Return float32[N, 3, H, W] of Y, Cb and Cr whose chroma is 0 where there is no colour."""
    return times_matrix(ycc, _rgb_matrix(ycc.device))


@cache
def _ycc_matrix(device: torch.device) -> torch.Tensor:
    red, green, blue = torch.eye(3, dtype=torch.float64)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    matrix = torch.stack([luma, (blue - luma) / 1.772, (red - luma) / 1.402])
    return matrix.float().to(device)


@cache
def _rgb_matrix(device: torch.device) -> torch.Tensor:
    luma, blue, red = torch.eye(3, dtype=torch.float64)
    green = luma - (0.299 * 1.402 * red + 0.114 * 1.772 * blue) / 0.587
    return torch.stack([luma + 1.402 * red, green, luma + 1.772 * blue]).float().to(device)


def _steps(table: tuple[tuple[int, ...], ...], quality: torch.Tensor) -> torch.Tensor:
    """Return quantisation steps float32[N, 1, 1, 1, 8, 8], scaled as libjpeg does."""
    quality = quality.round().clamp(1, 100).view(-1, 1, 1)
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    steps = ((quality.new_tensor(table) * percent + 50) / 100).floor().clamp_(1, 255)
    return steps.view(-1, 1, 1, 1, 8, 8)


def _quantised(planes: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Return [N, C, H, W] after each 8x8 block's cosine transform was rounded to steps.

    Both transforms are rounded where libjpeg's, which are in integers, are: between rows and
    columns, and to eighths before they are divided. Halves are rounded away from 0, and samples
    have 8 bits.

    Args:
        planes: float32, integers around 0.
        steps: as `_steps` returns them.
    """
    count, channels, height, width = planes.shape
    blocks = planes.reshape(count, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    fine, coarse = _cosines(planes.device)
    eighths = _half_up(coarse @ _half_up(blocks @ fine.T))
    levels = eighths.div_(8 * steps)
    levels = levels.add_(levels.sign(), alpha=0.5).trunc_()
    decoded = _half_up((_half_up(fine.T @ levels.mul_(steps)) @ coarse).div_(8))
    return decoded.transpose(3, 4).reshape(planes.shape).clamp_(-_MIDDLE, _MIDDLE - 1)


def _half_up(values: torch.Tensor) -> torch.Tensor:
    """Round, in place, halves upwards, also where float32 is a little below them."""
    return values.add_(0.5 + 1 / 1024).floor_()


@cache
def _cosines(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the cosine transform of 8 samples, float32[8, 8], to 32nds and from there to 8ths."""
    frequency, place = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    matrix = torch.cos(math.pi * (2 * place + 1) * frequency / 16) / 2
    matrix[0] /= math.sqrt(2)
    matrix = matrix.to(device) * math.sqrt(8)
    return 4 * matrix, matrix / 4


def _halved(planes: torch.Tensor) -> torch.Tensor:
    """Return planes of half the sides, the mean of 2x2 integers each.

    Halves are rounded down and up in turns, from column to column, a quarter and three as near.
    """
    bias = torch.arange(planes.shape[3] // 2, device=planes.device) % 2 * 0.25 + 0.25
    return (functional.avg_pool2d(planes, 2) + bias).floor_()


def _enlarged(small: torch.Tensor) -> torch.Tensor:
    """Return planes of twice the sides by a triangle filter: 3/4 of the nearer, 1/4 of the next.

    Halves are rounded up and down in turns, from column to column.
    """
    padded = functional.pad(small, (1, 1, 1, 1), mode="replicate")
    size = 2 * padded.shape[2], 2 * padded.shape[3]
    doubled = functional.interpolate(padded, size, mode="bilinear", align_corners=False)
    bias = 0.5 - torch.arange(size[1] - 4, device=small.device) % 2 / 16
    return (doubled[..., 2:-2, 2:-2] + bias).floor_()
