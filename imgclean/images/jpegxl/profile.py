"""Recognises colour profiles that say no more than that the colours are sRGB."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

_STEPS = 9
_CLOSE = 2  # of 255: as far as versions of the profile and their rounding differ


def is_srgb(profile: bytes) -> bool:
    """Whether colours of a profile, RGB or gray, are the same by sRGB.

    By what it does to colours, for many profiles of other colours have "sRGB" in their name.
    """
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = {"RGB ": "RGB", "GRAY": "L"}[source.profile.xcolor_space]
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.buildTransform(
            source, target, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except (KeyError, OSError, ImageCms.PyCMSError):
        return False
    levels = np.linspace(0, 255, _STEPS).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, _STEPS, 3)
    colours = grid if mode == "RGB" else np.arange(256, dtype=np.uint8)[np.newaxis]
    result = ImageCms.applyTransform(Image.fromarray(colours), transform)
    expected = colours if mode == "RGB" else colours[:, :, np.newaxis]
    return bool(np.abs(np.asarray(result).astype(int) - expected).max() <= _CLOSE)
