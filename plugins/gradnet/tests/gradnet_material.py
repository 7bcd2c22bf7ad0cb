"""Small GradNets and images for the tests."""

from __future__ import annotations

import numpy as np
import torch
from imgclean_gradnet import GRADNET
from imgclean_gradnet.network import GradNet
from torch import nn

from imgclean.extension.loader import load_plugins
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.config import WeightSetConfig
from imgclean.weightsets.store import write_weight_set

SMALL = {"features": 5, "modules": 2, "units": 1, "depth": 5, "crop": 24}
CPU = torch.device("cpu")


def network(**options) -> GradNet:
    """Return a GradNet in eval mode: random weights, statistics and factors far from alike."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = GradNet(**options)
        for module in made.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_var.uniform_(0.5, 2)
                module.running_mean.normal_(0, 0.1)
            if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1):
                module.weight.data.mul_(5)
    return made.eval()


def write_set(folder, **options):
    """Write a weight set of such a network and return it."""
    channels = options.get("channels", 3)
    config = WeightSetConfig(
        name=f"gradnet-{folder.name}",
        model="gradnet",
        sha256="0" * 64,
        noise="gaussian:0-55",
        channels=channels,
        options=options,
    )
    return write_weight_set(folder, config, network(**options), "float32")


def denoiser(weights, **settings) -> Denoiser:
    """Return what cleans images with it, as the command line does."""
    registry = load_plugins()
    hook = registry.own_hook("imgclean_denoise", registry.model("gradnet").plugin)
    chosen = InferenceSettings(**{"precision": "fp32"} | settings)
    return Denoiser(GRADNET, weights, chosen, CPU, hook)


def cleaned(weights, image, clean=None, on_pixels=lambda _: None, **settings):
    """Return the clean image, float32[C, H, W]."""
    sink = ArraySink(image.shape)
    truth = None if clean is None else ArrayRaster(clean)
    denoiser(weights, **settings).denoise(
        ArrayRaster(image), sink, dtype=np.dtype(np.float32), clean=truth, on_pixels=on_pixels
    )
    return sink.values


def random_image(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).random((channels, height, width), np.float32)
