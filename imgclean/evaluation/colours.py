"""In which colours a set is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from imgclean.images.luminance import gray_from_rgb, rounded_luma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation

Colour = Literal["gray", "rgb", "y"]

CHANNELS: dict[Colour, int] = {"gray": 1, "rgb": 3, "y": 1}
"""Channels of an image in each."""


def usual_colour(degradation: Degradation, channels: int) -> Colour:
    """Return the papers' choice: of colour images luma, where no noise was added; else all.

    Args:
        degradation: what is applied.
        channels: of the set's images.
    """
    if channels == 1:
        return "gray"
    return "rgb" if degradation.task == "denoise" else "y"


def colour_of_weights(degradation: Degradation, channels: int) -> Colour:
    """Return in which colours weights for this many channels are measured, whatever the set is."""
    if channels == 3:
        return "rgb"
    return "gray" if degradation.task == "denoise" else "y"


def is_usual(colour: Colour, degradation: Degradation, channels: int) -> bool:
    """Whether papers measure so: in the usual colour, or noise on gray made of colour.

    Args:
        colour: in which images are measured.
        degradation: what is applied.
        channels: of the set's images.
    """
    usual = usual_colour(degradation, channels), colour_of_weights(degradation, CHANNELS[colour])
    return colour in usual


def in_colour(image: NDArray[Any], colour: Colour) -> NDArray[Any]:
    """Return an image in gray, RGB or luma, of its own sample type.

    A gray image is its own luma, as in the papers' code.

    Args:
        image: uint8 or uint16[H, W, 1 or 3].
        colour: what it is to be.

    Returns:
        [H, W, 3] for `rgb`, else [H, W, 1]; rounded.
    """
    if image.shape[2] == CHANNELS[colour]:
        return image
    if colour == "rgb":
        return np.repeat(image, 3, axis=2)
    return gray_from_rgb(image) if colour == "gray" else rounded_luma(image)
