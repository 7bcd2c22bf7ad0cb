"""Colour profiles for the colours that AVIF and HEIF name by number (ITU-T H.273).

Other formats have profiles only; without one the colours would be taken for sRGB there.
"""

from __future__ import annotations

import functools
import struct
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNSPECIFIED = 2
_D65, _DCI_WHITE = (0.3127, 0.329, 1.0), (0.314, 0.351, 1.0)
# Red, green and blue as x, y and luminance.
_PRIMARIES = {
    1: (0.64, 0.33, 1, 0.3, 0.6, 1, 0.15, 0.06, 1),
    5: (0.64, 0.33, 1, 0.29, 0.6, 1, 0.15, 0.06, 1),
    6: (0.63, 0.34, 1, 0.31, 0.595, 1, 0.155, 0.07, 1),
    7: (0.63, 0.34, 1, 0.31, 0.595, 1, 0.155, 0.07, 1),
    9: (0.708, 0.292, 1, 0.17, 0.797, 1, 0.131, 0.046, 1),
    11: (0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1),
    12: (0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1),
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_SHOWN_AS_SRGB = frozenset((1, _UNSPECIFIED, 6, 13, 14, 15))  # BT.709 curves too, by custom
_USUAL = frozenset((1, _UNSPECIFIED))
_CURVE_POINTS = 1024
_DATE = slice(24, 36)  # of creation, in a profile's header


@functools.cache
def profile_for(primaries: int, transfer: int) -> bytes | None:
    """Return a profile for RGB colours that are not those of sRGB.

    None for sRGB, and for what a profile cannot say (PQ and HLG) or what is not known.

    Args:
        primaries, transfer: code points of H.273.
    """
    corners = _PRIMARIES.get(1 if primaries == _UNSPECIFIED else primaries)
    as_srgb = transfer in _SHOWN_AS_SRGB
    if corners is None or (as_srgb and primaries in _USUAL):
        return None
    white = _DCI_WHITE if primaries == 11 else _D65
    if as_srgb:
        profile = imagecodecs.cms_profile(
            "rgb", whitepoint=white, primaries=corners, transferfunction=_srgb_curve()
        )
    elif transfer in _GAMMAS:
        profile = imagecodecs.cms_profile(
            "rgb", whitepoint=white, primaries=corners, gamma=_GAMMAS[transfer]
        )
    else:
        return None
    return _dated(profile)


def _srgb_curve() -> NDArray[np.uint16]:
    level = np.linspace(0, 1, _CURVE_POINTS)
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    curve: NDArray[np.uint16] = np.rint(linear * 65535).astype(np.uint16)
    return curve


def _dated(profile: bytes) -> bytes:
    """Return the profile with a fixed date, so that equal files give equal files."""
    date = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return profile[: _DATE.start] + date + profile[_DATE.stop :]
