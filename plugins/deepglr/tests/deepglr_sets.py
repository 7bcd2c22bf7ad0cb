"""DeepGLRs with random weights, sets of them, and images for the tests."""

from __future__ import annotations

import numpy as np
import torch
from imgclean_deepglr import DEEPGLR
from imgclean_deepglr.network import DeepGLR
from torch import nn

from imgclean.extension.loader import load_plugins
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.config import WeightSetConfig
from imgclean.weightsets.store import write_weight_set

CPU = torch.device("cpu")
VARIANTS = {
    "deepglr": {},
    "glrnet": {"blocks": 1},
    "without a pre-filter": {"prefilter": "none"},
    "behind dncnn": {"prefilter": "dncnn", "prefilter_options": {"depth": 4, "width": 4}},
    "on a graph of the pre-filtered image": {"exemplars": "prefiltered", "epsilon": 0.1},
    "gray": {"channels": 1},
}


def network(**options) -> DeepGLR:
    """Return a DeepGLR in eval mode, whose pre-filter and whose graph do something."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = DeepGLR(**options)
        for name, each in made.named_parameters():
            if name == "prefilter.layers.6.weight":
                nn.init.normal_(each, std=0.01)
    return made.eval()


def write_set(folder, **options):
    """Write a weight set of such a network and return it."""
    config = WeightSetConfig(
        name=f"deepglr-{folder.name}",
        model="deepglr",
        sha256="0" * 64,
        noise="gaussian:0-55",
        channels=options.get("channels", 3),
        options=options,
    )
    return write_weight_set(folder, config, network(**options), "float32")


def cleaned(weights, image, on_pixels=lambda _: None, **settings):
    """Return the clean image, float32[C, H, W], as the command line computes it."""
    registry = load_plugins()
    hook = registry.own_hook("imgclean_denoise", registry.model("deepglr").plugin)
    chosen = InferenceSettings(**{"precision": "fp32"} | settings)
    sink = ArraySink(image.shape)
    Denoiser(DEEPGLR, weights, chosen, CPU, hook).denoise(
        ArrayRaster(image), sink, dtype=np.dtype(np.float32), on_pixels=on_pixels
    )
    return sink.values


def random_image(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).random((channels, height, width), np.float32)
