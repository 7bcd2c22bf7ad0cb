"""The figures of the paper's Table 3: one network, trained blind, on the images of CBSD68."""

from __future__ import annotations

from imgclean import Published

_TABLE = {15: (33.65, 0.9259), 25: (31.03, 0.8797), 50: (27.86, 0.7924)}

PUBLISHED = tuple(
    Published(
        system="DeepGLR",
        set="CBSD68",
        degradation=f"gaussian:{level}",
        psnr=psnr,
        ssim=ssim,
        trained_on="gaussian:0-55",
    )
    for level, (psnr, ssim) in _TABLE.items()
)
