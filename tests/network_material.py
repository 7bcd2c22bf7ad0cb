"""Networks whose every layer does something, sets of them, and images for the tests."""

from __future__ import annotations

import numpy as np
import torch
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


def write_set(folder, info, network, options, noise="gaussian:0-55"):
    """Write a weight set of a network, shaken before, and return it."""
    config = WeightSetConfig(
        name=f"{info.name}-{folder.name}",
        model=info.name,
        sha256="0" * 64,
        noise=noise,
        channels=options.get("channels", 3),
        options=options,
    )
    return write_weight_set(folder, config, shaken(network), "float32")


def cleaned(info, weights, image, **settings):
    """Return the clean image, float32[C, H, W], as the command line computes it."""
    chosen = InferenceSettings(**{"precision": "fp32"} | settings)
    sink = ArraySink(image.shape)
    Denoiser(info, weights, chosen, torch.device("cpu")).denoise(
        ArrayRaster(image), sink, dtype=np.dtype(np.float32)
    )
    return sink.values


def random_image(height, width, channels=3):
    return np.random.default_rng(0).random((channels, height, width), np.float32)
