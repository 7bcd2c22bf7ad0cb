"""One image as a photograph."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import psutil
import torch

from imgclean.degradation.camera.jpeg_transform import ycc_from_rgb
from imgclean.degradation.camera.photograph import Camera, Photograph, draw_shot
from imgclean.errors import UnsupportedImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.base import Levels

_COLOURS = 3
_BYTES_A_PIXEL = 600
"""What the steps of a camera hold at once, at most; measured on images of 1 to 6 megapixels."""


class PhotographedImage(NamedTuple):
    """A photograph of an image.

    Attributes:
        clean: float64[H, W, C] in [0, 1], without noise and compression.
        noisy: of the same shape.
    """

    clean: NDArray[np.float64]
    noisy: NDArray[np.float64]


def photograph_image(
    image: NDArray[np.float64], iso: Levels, random: np.random.RandomState
) -> PhotographedImage:
    """Return the photograph of an image, of its size; of a gray one the photograph's luma.

    Args:
        image: float64[H, W, 1 or 3] in [0, 1]; beyond its border it is mirrored.
        iso: sensitivities, from which one is drawn.
        random: of all that is drawn.

    Raises:
        UnsupportedImage: it takes more memory than is left; the message does not name the file.
    """
    height, width, channels = image.shape
    _require_memory(height, width)
    generator = torch.Generator().manual_seed(random.randint(2**32, dtype="uint32").item())
    drawn = draw_shot(iso, 1, generator)
    # a file's first pixel is its first block's
    shot = dataclasses.replace(drawn, grid=torch.zeros_like(drawn.grid))
    camera = Camera((height, width), finest=float(shot.pixels))
    scene = _mirrored(image, camera.margin).expand(-1, _COLOURS, -1, -1)
    photograph = camera(scene, shot, generator)
    if channels != _COLOURS:
        photograph = Photograph(*(ycc_from_rgb(each)[:, :1] for each in photograph))
    return PhotographedImage(*(each[0].permute(1, 2, 0).double().numpy() for each in photograph))


def _require_memory(height: int, width: int) -> None:
    needed, available = _BYTES_A_PIXEL * height * width, psutil.virtual_memory().available
    if needed > available:
        raise UnsupportedImage(
            f"to photograph {width} x {height} pixels takes {needed / 1e9:.1f} GB, and "
            f"{available / 1e9:.1f} GB of memory are left",
            hint="photograph a part of it, or a smaller copy",
        )


def _mirrored(scene: NDArray[np.float64], margin: int) -> torch.Tensor:
    """Return float32[1, C, H + 2 margin, W + 2 margin] of [H, W, C]."""
    padded = np.pad(scene, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    return torch.from_numpy(padded).float().permute(2, 0, 1)[None]
