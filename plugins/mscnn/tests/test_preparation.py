"""The network is as quick as it can be, and computes the same; its speed is in benchmarks/."""

import numpy as np
import pytest
import torch
from imgclean_mscnn import MODEL
from imgclean_mscnn.network import MSCNN
from imgclean_mscnn.options import MSCNNOptions
from imgclean_mscnn.tiling import mscnn_tiling
from network_material import cleaned, random_image, shaken, write_set

from imgclean.evaluation.multiplications import multiplications_per_pixel
from imgclean.inference.preparation.prepare import Target, prepare
from imgclean.inference.preparation.trial import Images

CPU = torch.device("cpu")


@pytest.mark.parametrize("options", [{"channels": 1}, {}, {"damping": False}, {"kernels": [3, 5]}])
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 2e-6), ("bf16", 0.02)])
@torch.inference_mode()
def test_prepared_it_computes_what_the_plain_network_does(options, precision, tolerance):
    network = shaken(MSCNN(**options))
    channels = options.get("channels", 3)
    x = torch.rand(2, channels, 83, 131).contiguous(memory_format=torch.channels_last)
    prepared = prepare(network, Target(CPU, precision), Images(channels, 1, 0.1))
    assert prepared.way == "fused"
    assert (prepared.function(x).float() - network(x)).abs().max() < tolerance


@torch.inference_mode()
def test_a_tile_needs_less_memory_than_its_feature_maps():
    prepared = prepare(shaken(MSCNN(1)), Target(CPU, "fp32"), Images(1, 1, None))
    assert prepared.bytes_per_pixel < 240 * 4


@pytest.mark.parametrize(("channels", "expected"), [(1, 229_552), (3, 248_848)])
def test_it_multiplies_once_a_pixel_with_each_weight(channels, expected):
    tiling = mscnn_tiling(MSCNNOptions(channels=channels))
    assert multiplications_per_pixel(MSCNN(channels).eval(), channels, tiling) == expected


def test_tiles_of_any_size_equal_the_whole_in_the_precision_of_8_bit_images(tmp_path):
    weights = write_set(tmp_path / "set", MODEL, MSCNN(), {})
    image = random_image(140, 150)
    whole = cleaned(MODEL, weights, image, tile="none", precision="bf16")
    tiled = cleaned(MODEL, weights, image, tile=64, precision="bf16")
    assert MODEL.precisions == ("fp32", "bf16")
    assert np.abs(tiled - whole).max() < 0.01
