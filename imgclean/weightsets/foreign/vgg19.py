"""VGG19's convolutions, from the layouts of torchvision and of timm, which number them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import safetensors

from imgclean.errors import CheckpointRefused, WeightsIncompatible

if TYPE_CHECKING:
    from pathlib import Path

    import torch

# Simonyan and Zisserman 2015, Table 1, column E: channels, and 0 for a maximum over 2x2 pixels
LAYERS = (64, 64, 0, 128, 128, 0, *[256] * 4, 0, *[512] * 4, 0, *[512] * 4, 0)

_HINT = "name a VGG19 without batch norm, as torchvision and timm have it, in safetensors"


def read_vgg19(path: Path) -> dict[str, torch.Tensor]:
    """Return the sixteen convolutions of a VGG19 in a safetensors file; the rest is not read.

    Returns:
        `features.N.weight`, float32 [out, in, 3, 3], and `features.N.bias`, [out]. N counts
        convolutions, ReLUs and poolings, so that it is 0, 2, 5, 7, 10, ... 34. Its input is RGB,
        less the means 0.485, 0.456, 0.406 and over the deviations 0.229, 0.224, 0.225 of ImageNet.

    Raises:
        CheckpointRefused: it is no safetensors file.
        WeightsIncompatible: it is of another network.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            names = set(file.keys())
            found = {}
            for name, shape in _shapes().items():
                if name not in names:
                    raise _another(path, f"it lacks {name}")
                tensor = file.get_tensor(name)
                if tuple(tensor.shape) != shape:
                    raise _another(path, f"{name} is {tuple(tensor.shape)}, not {shape}")
                found[name] = tensor.float()
            return found
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointRefused(f"{path} is no safetensors file ({error})", hint=_HINT) from error


def _another(path: Path, difference: str) -> WeightsIncompatible:
    return WeightsIncompatible(f"{path} is no VGG19: {difference}", hint=_HINT)


def _shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    number, channels = 0, 3
    for width in LAYERS:
        if width:
            shapes[f"features.{number}.weight"] = (width, channels, 3, 3)
            shapes[f"features.{number}.bias"] = (width,)
            channels = width
        number += 2 if width else 1
    return shapes
