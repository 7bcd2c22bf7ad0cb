"""What tests need in several places: the command line, small weights, small pictures."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import torch
from imgclean_dncnn import DNCNN

from imgclean.weightsets.config import WeightSetConfig
from imgclean.weightsets.network import build_network, validate_options
from imgclean.weightsets.store import write_weight_set

IDENTITY = str(Path(__file__).with_name("identity"))
LPIPS_STAND_IN = str(Path(__file__).with_name("lpips_stand_in"))
"""A folder of installed packages with a plugin whose model returns its input."""

ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "NO_COLOR": "1",
    "COLUMNS": "200",
    "HF_HUB_OFFLINE": "1",
    "IMGCLEAN_CONFIG": "",
    "IMGCLEAN_CATALOGUE": "",
}


def command(*arguments) -> list[str]:
    return [sys.executable, "-m", "imgclean", *map(str, arguments)]


def config_of(noise: str = "gaussian:0-55", channels: int = 3, **other) -> WeightSetConfig:
    """Return the config of a set of DnCNN's that is not on disk."""
    said = {"name": "mine", "model": "dncnn", "sha256": "0" * 64, "options": {"channels": channels}}
    return WeightSetConfig(**said | {"noise": noise, "channels": channels} | other)


def write_small_set(
    folder: Path, *, channels: int = 3, noise: str = "gaussian:0-55", spoil=None, **options
) -> Path:
    """Write a weight set of a small DnCNN with random weights.

    Args:
        spoil: called with the network before it is written.
    """
    options = {"channels": channels, "depth": 3, "width": 4, **options}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(DNCNN, validate_options(DNCNN, options))
    if spoil:
        spoil(network)
    config = config_of(noise, channels, name=f"dncnn-{folder.name}", options=options)
    write_weight_set(folder, config, network, "float32")
    return folder


def noise_image(height=48, width=64, channels=3, dtype=np.uint8, seed=0):
    """Return random samples (H, W, C) of an integer type."""
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, top, (height, width, channels), dtype, True)
