"""Small pictures that a network can learn from in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

QUICK = [
    *("--set", "options.depth=4", "--set", "options.width=8"),
    *("--set", "patch=16", "--set", "batch=4", "--threads", "1"),
]


def waves(index, height=96, width=80):
    """Return a smooth colour picture, uint8[H, W, 3]."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin((x + index * y) / (5 + 3 * k)) * 90 + 120 for k in range(3)]
    return np.stack(planes, 2).astype(np.uint8)


def write_pictures(folder: Path, count=3) -> Path:
    folder.mkdir(parents=True)
    for index in range(count):
        Image.fromarray(waves(index)).save(folder / f"{index}.png")
    return folder


def write_pairs(folder: Path, scenes=("chair", "plug"), sigma=20) -> Path:
    """Write three pairs of each scene into one folder, as PolyU names them."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for scene in scenes:
        for index in range(3):
            clean = waves(index + 3 * scenes.index(scene))
            noisy = clean + random.normal(0, sigma, clean.shape)
            Image.fromarray(clean).save(folder / f"{scene}_{index}_mean.png")
            noisy = np.rint(noisy.clip(0, 255)).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"{scene}_{index}_real.png")
    return folder
