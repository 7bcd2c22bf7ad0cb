"""Gray from colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BT601 = np.array([0.298936, 0.587043, 0.114021])


def gray_from_rgb(rgb: NDArray[Any]) -> NDArray[Any]:
    """Return round(0.298936 R + 0.587043 G + 0.114021 B), as MATLAB's rgb2gray.

    Args:
        rgb: unsigned integers [H, W, 3].

    Returns:
        Of the same type, [H, W, 1].
    """
    gray: NDArray[Any] = np.rint(rgb @ _BT601).astype(rgb.dtype)[..., None]
    return gray
