"""How a denoiser prepares its network, and cuts images for it."""

import numpy as np
import pytest
import torch

from imgclean.extension.loader import load_plugins
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference import denoiser as module
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.preparation.prepare import Prepared, Target
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import read_config

CPU = torch.device("cpu")


@pytest.fixture
def make(small_set):
    def denoiser(**settings):
        weights = WeightSet(read_config(small_set), small_set)
        return Denoiser(
            load_plugins().model("dncnn").info, weights, InferenceSettings(**settings), CPU
        )

    return denoiser


def clean(denoiser):
    image = np.zeros((3, 300, 300), np.float32)
    denoiser.denoise(ArrayRaster(image), ArraySink(image.shape), dtype=image.dtype)


def test_the_network_is_prepared_once_for_what_was_asked_for(make, monkeypatch):
    targets = []

    def prepare(network, target, images):
        targets.append((target, images.sigma))
        return Prepared(lambda x: x, 8, "plain")

    monkeypatch.setattr(module, "prepare", prepare)
    monkeypatch.setattr(module, "require_backend", lambda *_: None)
    denoiser = make(backend="compile", precision="bf16", sigma=51)
    clean(denoiser), clean(denoiser)
    assert targets == [(Target(CPU, "bf16", "compile"), 0.2)]


def test_tiles_have_the_side_that_the_networks_memory_allows(make, monkeypatch):
    asked = []
    monkeypatch.setattr(
        module, "prepare", lambda *_: Prepared(lambda x: x, bytes_per_pixel=4321, way="plain")
    )
    monkeypatch.setattr(module, "tile_side", lambda *arguments: asked.append(arguments) or 100)
    clean(make())
    assert asked[0][3] == 4321


def test_a_side_that_fitted_when_memory_ran_out_is_the_next_images_too(make, monkeypatch):
    sides = []

    def run_tiles(*_, side, **__):
        sides.append(side)
        return 40

    monkeypatch.setattr(module, "run_tiles", run_tiles)
    denoiser = make(tile=128)
    clean(denoiser), clean(denoiser)
    assert sides == [128, 40]
