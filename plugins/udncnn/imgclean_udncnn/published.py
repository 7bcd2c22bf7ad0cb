"""The figures of the paper's table of UDnCNN, DUDnCNN and DnCNN.

Sigma 30 on the 100 test images of BSDS300, crops of 320x320, PSNR of the output as it is.
"""

from __future__ import annotations

from imgclean import Published

_PSNR = {"dncnn": 28.9662, "udncnn": 28.3076, "dudncnn": 29.1349}

PUBLISHED = tuple(
    Published(
        system=variant,
        set="BSDS300",
        degradation="gaussian:30",
        psnr=psnr,
        trained_on="gaussian:30",
        options={"variant": variant},
        crop=320,
        unrounded=True,
    )
    for variant, psnr in _PSNR.items()
)
