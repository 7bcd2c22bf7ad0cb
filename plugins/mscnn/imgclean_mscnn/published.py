"""The figures of the paper's Table 2: after phase 3, gray, 100 images of BSDS300 and 200 of VOC."""

from __future__ import annotations

from imgclean import Published

_PSNR = {10: 33.41, 15: 31.17, 20: 29.59, 25: 28.49}

PUBLISHED = tuple(
    Published(
        system="Ours",
        set="BSDS100-VOC200",
        degradation=f"gaussian:{sigma}",
        psnr=psnr,
        channels=1,
        trained_on="gaussian:0-30",
    )
    for sigma, psnr in _PSNR.items()
)
