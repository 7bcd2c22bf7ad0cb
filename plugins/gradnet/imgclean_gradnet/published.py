"""The figures of the paper's Table 1 that can be measured anew: PSNR in dB, for one sigma each."""

from __future__ import annotations

from imgclean import Published

_LEVELS = (15, 25, 50)
_TABLE = {  # set: PSNR at sigma 15, 25 and 50
    "CBSD68": (34.07, 31.39, 28.12),
    "Kodak24": (34.85, 32.35, 29.23),
    "McMaster": (34.81, 32.45, 29.39),
}

PUBLISHED = tuple(
    Published(
        system="GradNet",
        set=title,
        degradation=f"gaussian:{level}",
        psnr=psnr,
        trained_on=f"gaussian:{level}",
    )
    for title, figures in _TABLE.items()
    for level, psnr in zip(_LEVELS, figures, strict=True)
)
