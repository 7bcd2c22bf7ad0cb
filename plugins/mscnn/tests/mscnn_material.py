"""Networks whose every layer does something, sets of them, images, and a small paper's recipe."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import numpy as np
import tomli_w
import torch
from imgclean_mscnn import MODEL
from safetensors.torch import save_file
from torch import nn

from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.config import WeightSetConfig
from imgclean.weightsets.store import write_weight_set


def parameters(module):
    return sum(each.numel() for each in module.parameters())


def shaken(network):
    """Return a network in eval mode whose layers are all far from 0, and whose results are not."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
                nn.init.normal_(module.bias, std=0.02)
    return network.eval()


def write_set(folder, network, options, noise="gaussian:0-30"):
    """Write a weight set of a network, shaken before, and return it."""
    config = WeightSetConfig(
        name=f"mscnn-{folder.name}",
        model="mscnn",
        sha256="0" * 64,
        noise=noise,
        channels=options.get("channels", 3),
        options=options,
    )
    return write_weight_set(folder, config, shaken(network), "float32")


def cleaned(weights, image, **settings):
    """Return the clean image, float32[C, H, W], as the command line computes it."""
    chosen = InferenceSettings(**{"precision": "fp32"} | settings)
    sink = ArraySink(image.shape)
    Denoiser(MODEL, weights, chosen, torch.device("cpu")).denoise(
        ArrayRaster(image), sink, dtype=np.dtype(np.float32)
    )
    return sink.values


def random_image(height, width, channels=3):
    return np.random.default_rng(0).random((channels, height, width), np.float32)


VGG19 = [
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
    for number, out, channels in VGG19:
        drawn = torch.randn(out, channels, 3, 3, generator=generator) * (2 / 9 / channels) ** 0.5
        found[f"features.{number}.weight"] = drawn.half()
        found[f"features.{number}.bias"] = torch.full((out,), number / 1000).half()
    save_file(found | {"head.fc.weight": torch.zeros(10, 8, dtype=torch.float16)}, path)
    return {name: each.float() for name, each in found.items()}


def small_paper(path, *, steps, ahead, loss=(), **settings):
    """Write the paper's recipe for seconds on a CPU: its three stages, on little patches.

    Args:
        steps: of each stage.
        ahead: batches that the discriminator is shown alone.
        loss: what else differs in the adversarial term.
        settings: what else differs in the recipe.
    """
    recipe = tomllib.loads((files("imgclean_mscnn") / "recipes/paper.toml").read_text())
    recipe |= {"patch": 32, "batch": 2, "precision": "fp32", "budget": {"steps": 3 * steps}}
    recipe["validation"] |= {"every": 0.2, "images": 2, "crop": 48}
    recipe["stages"][2]["optimiser"]["lr"] = 3e-4
    (term,) = (each for each in recipe["stages"][2]["loss"] if each["kind"] == "adversarial")
    term |= {"steps_before": ahead, "lr": 1e-4, **dict(loss)}
    path.write_text(tomli_w.dumps(recipe | settings))
    return path
