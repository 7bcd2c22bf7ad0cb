"""Levels drawn from ranges. A share is uniform in [0, 1): a number, or one for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from imgclean.degradation.base import Levels

Share = TypeVar("Share", float, torch.Tensor)


def uniform(levels: Levels, share: Share) -> Share:
    """Return levels of which each is equally likely (DnCNN, Section III-E, for sigma)."""
    return levels.low + share * (levels.high - levels.low)


def whole(levels: Levels, share: Share) -> Share:
    """Return whole numbers, each equally likely, both ends included."""
    return levels.low + share * (levels.high - levels.low + 1) // 1


def logarithmic(levels: Levels, share: Share) -> Share:
    """Return levels whose logarithms are equally likely.

    DN-ResNet does not say how blind training draws its peaks. The input's PSNR grows with the
    logarithm of the peak (each doubling adds 3 dB), and the papers' peaks and rates are
    geometric: so every noise level in dB is equally likely, and bright peaks do not crowd out
    the dark ones.
    """
    level: Share = levels.low * (levels.high / levels.low) ** share
    return level
