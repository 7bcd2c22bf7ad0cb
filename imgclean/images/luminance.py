"""Gray and luma from colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

_Planes = TypeVar("_Planes", "NDArray[np.float32]", "torch.Tensor")

_BT601 = np.array([0.298936, 0.587043, 0.114021])
_LUMA = np.array([65.481, 128.553, 24.966])


def gray_from_rgb(rgb: NDArray[Any]) -> NDArray[Any]:
    """Return round(0.298936 R + 0.587043 G + 0.114021 B), as MATLAB's rgb2gray.

    Args:
        rgb: unsigned integers [H, W, 3].

    Returns:
        Of the same type, [H, W, 1].
    """
    gray: NDArray[Any] = np.rint(rgb @ _BT601).astype(rgb.dtype)[..., None]
    return gray


def rounded_luma(image: NDArray[Any]) -> NDArray[Any]:
    """Return the luma of an image in its own sample type; a gray image is its own luma.

    Args:
        image: uint8 or uint16[H, W, 1 or 3].

    Returns:
        [H, W, 1] of the same type, rounded.
    """
    if image.shape[2] == 1:
        return image
    top = np.iinfo(image.dtype).max
    luma: NDArray[Any] = np.rint(luma_from_rgb(image / top) * top).astype(image.dtype)
    return luma


def luma_from_rgb(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (16 + 65.481 R + 128.553 G + 24.966 B) / 255: Y of YCbCr, as MATLAB's rgb2ycbcr.

    Args:
        rgb: float64[H, W, 3], nominally in [0, 1].

    Returns:
        float64[H, W, 1], nominally 16 / 255 to 235 / 255; not rounded.
    """
    luma: NDArray[np.float64] = ((16 + rgb @ _LUMA) / 255)[..., None]
    return luma


def gray_planes(planes: _Planes) -> _Planes:
    """Return 0.298936 R + 0.587043 G + 0.114021 B, BT.601's luma over the whole range.

    The three add up to 1: one number that is added to red, green and blue is added to their luma.

    Args:
        planes: float[..., 3, h, w], of numpy or of torch.

    Returns:
        [..., 1, h, w] of the same kind.
    """
    red, green, blue = map(float, _BT601)
    luma: _Planes = (
        red * planes[..., 0:1, :, :]
        + green * planes[..., 1:2, :, :]
        + blue * planes[..., 2:3, :, :]
    )
    return luma
