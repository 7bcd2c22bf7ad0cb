"""VGG19 as torchvision numbers its layers, and as timm stores it."""

from __future__ import annotations

import torch
from safetensors.torch import save_file

CONVOLUTIONS = [
    (0, 64, 3),
    (2, 64, 64),
    (5, 128, 64),
    (7, 128, 128),
    (10, 256, 128),
    *[(number, 256, 256) for number in (12, 14, 16)],
    (19, 512, 256),
    *[(number, 512, 512) for number in (21, 23, 25, 28, 30, 32, 34)],
]
"""Number, channels out and in of torchvision's `vgg19().features`."""


def write_timm_vgg19(path):
    """Write a file in timm's layout with random convolutions of the usual size; return these."""
    generator = torch.Generator().manual_seed(7)
    found = {}
    for number, out, channels in CONVOLUTIONS:
        drawn = torch.randn(out, channels, 3, 3, generator=generator) * (2 / 9 / channels) ** 0.5
        found[f"features.{number}.weight"] = drawn.half()
        found[f"features.{number}.bias"] = torch.full((out,), number / 1000).half()
    save_file(found | {"head.fc.weight": torch.zeros(10, 8, dtype=torch.float16)}, path)
    return {name: each.float() for name, each in found.items()}
