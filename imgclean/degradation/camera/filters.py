"""Gaussian filters and resampling whose width each row of a batch has for itself."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

_REACH = 3.0  # deviations of a Gaussian that its filter spans
_AT_ONCE = 512  # new rows: more would be multiplied with too many zeros
_CUBIC = -0.5  # Keys's parameter, as MATLAB's imresize


def gaussian_blur(image: torch.Tensor, sigma: torch.Tensor, largest: float) -> torch.Tensor:
    """Return float32[N, C, H, W] after a Gaussian filter; at the border the image is mirrored.

    Args:
        image: float32[N, C, H, W], both sides longer than three times `largest`.
        sigma: float32[N], standard deviations in pixels; 0 leaves a row as it is.
        largest: that any of `sigma` may be, which sets the filter's length.
    """
    count, channels, height, width = image.shape
    reach = blur_reach(largest)
    offsets = torch.arange(-reach, reach + 1, device=image.device)
    taps = torch.exp(-0.5 * (offsets / sigma.clamp(min=1e-3).view(-1, 1)).square())
    taps = (taps / taps.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    groups = count * channels
    rows = image.reshape(1, groups, height, width)
    rows = functional.pad(rows, (reach, reach, reach, reach), mode="reflect")
    rows = functional.conv2d(rows, taps.view(groups, 1, -1, 1), groups=groups)
    rows = functional.conv2d(rows, taps.view(groups, 1, 1, -1), groups=groups)
    return rows.view(image.shape)


def blur_reach(largest: float) -> int:
    """Return how many pixels far a Gaussian filter reaches."""
    return round(_REACH * largest)


def resample(image: torch.Tensor, scale: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return rows enlarged or shrunk around their centre, bicubic, antialiased when shrinking.

    The kernel is that of MATLAB's imresize (Keys, "Cubic convolution interpolation for digital
    image processing", IEEE TASSP 1981); at the border what is missing does not count.

    Args:
        image: float32[N, C, H, W].
        scale: float32[N], pixels of the result, along each side, for one of the image.
        size: of the result in pixels, height and width: more than the scaled image has are taken
            from its border.
    """
    if max(size) > _AT_ONCE:
        return _along_rows(_along_rows(image, scale, size[0]).mT, scale, size[1]).mT
    height, width = image.shape[2:]
    down = _weights(height, size[0], scale).unsqueeze(1)
    square = (height, size[0]) == (width, size[1])
    across = down if square else _weights(width, size[1], scale).unsqueeze(1)
    return down @ image @ across.mT


def _along_rows(image: torch.Tensor, scale: torch.Tensor, new: int) -> torch.Tensor:
    """Return [N, C, new, W] of [N, C, H, W], some rows at a time, of those that they show."""
    old = image.shape[2]
    coarsest = float(scale.min())
    reach = math.ceil(2 / min(coarsest, 1)) + 1
    parts = []
    for start in range(0, new, _AT_ONCE):
        stop = min(start + _AT_ONCE, new)
        ends = torch.cat([_places(old, new, scale)[:, each] for each in (start, stop - 1)])
        first = max(int(ends.min()) - reach, 0)
        last = min(int(ends.max()) + reach + 2, old)
        weights = _weights(old, new, scale, slice(start, stop), slice(first, last))
        parts.append(weights.unsqueeze(1) @ image[:, :, first:last])
    return torch.cat(parts, dim=2)


def _places(old: int, new: int, scale: torch.Tensor) -> torch.Tensor:
    """Return float32[N, new], where each new pixel lies among the old ones."""
    places = torch.arange(new, device=scale.device) - (new - 1) / 2
    return (places / scale.view(-1, 1) + (old - 1) / 2).clamp(0, old - 1)


def _weights(
    old: int,
    new: int,
    scale: torch.Tensor,
    of_new: slice = slice(None),
    of_old: slice = slice(None),
) -> torch.Tensor:
    """Return float32[N, new, old], the share that each old pixel has in each new one.

    Only those of slices, where the old ones are all that have a share.
    """
    places = _places(old, new, scale)[:, of_new]
    offsets = places.unsqueeze(2) - torch.arange(old, device=scale.device)[of_old]
    shares = _cubic((offsets * scale.clamp(max=1).view(-1, 1, 1)).abs_())
    return shares / shares.sum(2, keepdim=True)


def _cubic(distance: torch.Tensor) -> torch.Tensor:
    """Return Keys's kernel at distances of 0 and more, in pixels of the coarser image."""
    near = ((_CUBIC + 2) * distance - (_CUBIC + 3)) * distance.square() + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * _CUBIC
    return torch.where(distance < 1, near, torch.where(distance < 2, far, 0.0))
