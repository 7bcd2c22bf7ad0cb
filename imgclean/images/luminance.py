"""Gray from colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BT601 = np.array([0.298936, 0.587043, 0.114021])


def gray_from_rgb(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return round(0.298936 R + 0.587043 G + 0.114021 B), as MATLAB's rgb2gray.

    Args:
        rgb: uint8[H, W, 3].

    Returns:
        uint8[H, W, 1].
    """
    gray: NDArray[np.uint8] = np.rint(rgb @ _BT601).astype(np.uint8)[..., None]
    return gray
