"""The figures of the paper that can be measured anew: PSNR in dB, and SSIM where it has it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from imgclean import Published

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEVELS = (15, 25, 50)
BLIND = "gaussian:0-55"
THREE_TASKS = "gaussian:0-55|bicubic:2|bicubic:3|bicubic:4|jpeg:5-99"

_NOISE = (  # system, set, channels, PSNR at sigma 15, 25 and 50
    ("DnCNN-S", "BSD68", 1, (31.73, 29.23, 26.23)),  # Table II
    ("DnCNN-B", "BSD68", 1, (31.61, 29.16, 26.23)),
    ("DnCNN-S", "Set12", 1, (32.859, 30.436, 27.178)),  # Table III
    ("DnCNN-B", "Set12", 1, (32.680, 30.362, 27.206)),
    ("CDnCNN-B", "CBSD68", 3, (33.89, 31.23, 27.92)),  # of Figure 8, as the authors' code has it
)
_DNCNN_3 = {  # Table V: PSNR and SSIM
    "BSD68": {
        "gaussian:15": (31.46, 0.8826),
        "gaussian:25": (29.02, 0.8190),
        "gaussian:50": (26.10, 0.7076),
    },
    "Set5": {
        "bicubic:2": (37.58, 0.9590),
        "bicubic:3": (33.75, 0.9222),
        "bicubic:4": (31.40, 0.8845),
    },
    "Set14": {
        "bicubic:2": (33.03, 0.9128),
        "bicubic:3": (29.81, 0.8321),
        "bicubic:4": (28.04, 0.7672),
    },
    "BSD100": {
        "bicubic:2": (31.90, 0.8961),
        "bicubic:3": (28.85, 0.7981),
        "bicubic:4": (27.29, 0.7253),
    },
    "Urban100": {
        "bicubic:2": (30.74, 0.9139),
        "bicubic:3": (27.15, 0.8276),
        "bicubic:4": (25.20, 0.7521),
    },
    "Classic5": {
        "jpeg:10": (29.40, 0.8026),
        "jpeg:20": (31.63, 0.8610),
        "jpeg:30": (32.91, 0.8861),
        "jpeg:40": (33.77, 0.9003),
    },
    "LIVE1": {
        "jpeg:10": (29.19, 0.8123),
        "jpeg:20": (31.59, 0.8802),
        "jpeg:30": (32.98, 0.9090),
        "jpeg:40": (33.96, 0.9247),
    },
}


def _for_noise() -> Iterator[Published]:
    for system, title, channels, figures in _NOISE:
        for level, psnr in zip(_LEVELS, figures, strict=True):
            spec = f"gaussian:{level}"
            yield Published(
                system=system,
                set=title,
                degradation=spec,
                psnr=psnr,
                channels=channels,
                trained_on=spec if system == "DnCNN-S" else BLIND,
            )


def _for_three_tasks() -> Iterator[Published]:
    for title, figures in _DNCNN_3.items():
        for spec, (psnr, ssim) in figures.items():
            yield Published(
                system="DnCNN-3",
                set=title,
                degradation=spec,
                psnr=psnr,
                ssim=ssim,
                channels=1,
                trained_on=THREE_TASKS,
            )


PUBLISHED = tuple(chain(_for_noise(), _for_three_tasks()))
