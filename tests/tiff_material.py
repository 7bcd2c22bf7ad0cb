"""TIFF files that another library made, and what it finds in ours."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from imgclean.images.limits import READ_ALL
from imgclean.images.tiff.codec import decode

if TYPE_CHECKING:
    from imgclean.images.picture import Picture


def read(data: bytes) -> Picture:
    return decode(data, READ_ALL)


def tiff(samples: np.ndarray, **settings: Any) -> bytes:
    """Return a TIFF file by tifffile; (H, W), (H, W, C), or (C, H, W) if planar."""
    stream = BytesIO()
    tifffile.imwrite(stream, samples, **{"photometric": "minisblack", "metadata": None, **settings})
    return stream.getvalue()


def page_of(data: bytes) -> tifffile.TiffPage:
    with tifffile.TiffFile(BytesIO(data)) as file:
        return file.pages.first


def array_of(data: bytes) -> np.ndarray:
    return tifffile.imread(BytesIO(data))


def random_samples(
    dtype: str, shape: tuple[int, ...], seed: int = 0, *, highest: int | None = None
) -> np.ndarray:
    random = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return (random.random(shape) * 3 - 1).astype(dtype)
    largest = np.iinfo(dtype).max if highest is None else highest
    return random.integers(0, largest, shape, dtype, endpoint=True)


def smooth_samples(dtype: str, shape: tuple[int, int, int], highest: int = 255) -> np.ndarray:
    """Return (H, W, C) without edges, which lossy compressions change little."""
    height, width, channels = shape
    y, x = np.mgrid[:height, :width]
    planes = [np.sin(x / 9 + c) + np.cos(y / 7 - c) for c in range(channels)]
    return ((np.stack(planes, axis=2) + 2) / 4 * highest).astype(dtype)
