"""Gives back fine luminance where an image is textured, and none where it is even."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import psutil

from imgclean.errors import UnsupportedImage
from imgclean.extension.requests import Window
from imgclean.images.luminance import gray_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster

_FINE = 2.0  # pixels: what a Gaussian of this deviation takes away is fine
_NEARBY = 2.5  # pixels: deviation of the Gaussian in which energies are averaged
_EVEN, _TEXTURED = 0.3, 1.0  # of the clean image's fine deviation to that of what was taken away
_TINY = np.float32(1e-12)  # far below the square of a grey level


class DetailKept:
    """A clean image with a share of the fine luminance that cleaning took away.

    It is clean + share * mask * high-pass(luma of noisy - luma of clean). The mask says whether the
    clean image is textured there: from 0, where its own high-pass deviates around the pixel by
    less than 0.3 of what the high-pass of the difference deviates, to 1 where it deviates as much.
    That the local variances of an image and of its noise decide how much of the difference is taken
    is Lee's idea ("Digital image enhancement and noise filtering by use of local statistics", IEEE
    PAMI 2, 1980); red, green and blue get the same number, so that no colour noise comes back.

    A pixel depends on those within `HALO` alone, and is the same whatever window it is read in.

    Args:
        clean: the clean image, float32[C, H, W].
        noisy: the noisy one, of the same shape.
        share: 0 to 1.
        colours: whether the channels are red, green and blue; else each is its own luma.
    """

    def __init__(self, clean: Raster, noisy: Raster, share: float, *, colours: bool) -> None:
        self._clean = clean
        self._noisy = noisy
        self._share = np.float32(share)
        self._colours = colours

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self._noisy.shape

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w]."""
        wide, margins = _widened(window, *self.shape[1:])
        clean, noisy = self._clean.read(wide), self._noisy.read(wide)
        y, x = window.y - wide.y, window.x - wide.x
        inner = clean[:, y : y + window.height, x : x + window.width]
        if self._colours:
            clean, noisy = gray_planes(clean), gray_planes(noisy)
        clean = np.pad(clean, margins, "symmetric")
        lost = _high_pass(np.pad(noisy, margins, "symmetric") - clean)
        mask = _texture(_high_pass(clean), lost)
        edge = _radius(_NEARBY)
        given: NDArray[np.float32] = self._share * mask * lost[:, edge:-edge, edge:-edge]
        return inner + given


def require_room(shape: tuple[int, int, int]) -> None:
    """Refuse to keep detail where the clean image in floats takes more memory than is left.

    Args:
        shape: channels, height, width.

    Raises:
        UnsupportedImage: it does; the message does not name the file.
    """
    channels, height, width = shape
    needed, available = 4 * channels * height * width, psutil.virtual_memory().available
    if needed > available:
        raise UnsupportedImage(
            f"keeping detail of {width} x {height} pixels takes {needed / 1e9:.1f} GB, and "
            f"{available / 1e9:.1f} GB of memory are left",
            hint="leave --keep-detail out, or clean a part of it, with --crop",
        )


def _radius(deviation: float) -> int:
    """Return how far a Gaussian reaches, in pixels."""
    return round(3 * deviation)


HALO = _radius(_FINE) + _radius(_NEARBY)
"""Pixels on every side that a pixel depends on."""


def _widened(window: Window, height: int, width: int) -> tuple[Window, list[tuple[int, int]]]:
    """Return a window with `HALO` around it inside the image, and what is to be mirrored beyond."""
    top, left = window.y - HALO, window.x - HALO
    bottom, right = window.y + window.height + HALO, window.x + window.width + HALO
    inside = Window(
        max(0, left),
        max(0, top),
        min(width, right) - max(0, left),
        min(height, bottom) - max(0, top),
    )
    rows = max(0, -top), max(0, bottom - height)
    columns = max(0, -left), max(0, right - width)
    return inside, [(0, 0), rows, columns]


def _texture(clean: NDArray[np.float32], lost: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how textured an image is around each pixel, 0 to 1.

    Args:
        clean: high-passed, float32[C, h, w].
        lost: the same of what cleaning took away.

    Returns:
        float32[C, h', w'], less at each side by the reach of `_NEARBY`.
    """
    ratio = np.sqrt(_blurred(clean * clean, _NEARBY) / (_blurred(lost * lost, _NEARBY) + _TINY))
    t = ((ratio - np.float32(_EVEN)) / np.float32(_TEXTURED - _EVEN)).clip(0, 1)
    mask: NDArray[np.float32] = t * t * (3 - 2 * t)
    return mask


def _high_pass(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[C, h, w] less its blur, without the borders that the blur does not reach."""
    edge = _radius(_FINE)
    return planes[:, edge:-edge, edge:-edge] - _blurred(planes, _FINE)


def _blurred(planes: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """Return float32[C, h, w] blurred by a Gaussian where it lies inside, [C, h - 2 r, w - 2 r].

    Each sum has its terms in the same order, so that a pixel's does not depend on the window.
    """
    return _blurred_along(_blurred_along(planes, deviation).swapaxes(1, 2), deviation).swapaxes(
        1, 2
    )


def _blurred_along(planes: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """Return float32[C, h, w] blurred from top to bottom, float32[C, h - 2 r, w]."""
    middle, *others = _taps(deviation)
    reach = len(others)
    rows = planes.shape[1] - 2 * reach
    total = middle * planes[:, reach : reach + rows]
    for distance, tap in enumerate(others, 1):
        above, below = reach - distance, reach + distance
        pair = planes[:, above : above + rows] + planes[:, below : below + rows]
        pair *= tap
        total += pair
    return total


@lru_cache
def _taps(deviation: float) -> tuple[np.float32, ...]:
    """Return a Gaussian's weights from the middle outwards; those of both sides add up to 1."""
    distances = np.arange(_radius(deviation) + 1)
    weights = np.exp(-0.5 * (distances / deviation) ** 2)
    weights /= weights[0] + 2 * weights[1:].sum()
    return tuple(weights.astype(np.float32))
