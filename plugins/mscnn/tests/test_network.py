"""The network is the paper's, its gate only damps, and it is cut exactly."""

import numpy as np
import pytest
import torch
from imgclean_mscnn import MODEL
from imgclean_mscnn.network import MSCNN
from imgclean_mscnn.options import MSCNNOptions
from imgclean_mscnn.tiling import mscnn_tiling
from network_material import cleaned, parameters, random_image, shaken, write_set
from torch import nn

from imgclean.errors import InvalidSetting
from imgclean.weightsets.network import build_network, validate_options


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"channels": 1}, 230_769),
        ({"channels": 3}, 250_067),
        ({"channels": 1, "kernels": [3, 5, 7, 9, 11]}, 237_169),
        ({"channels": 1, "damping": False}, 230_769 - 3 * (240 * 240 + 240)),
    ],
)
def test_the_network_has_the_papers_parameters(options, expected):
    assert parameters(MSCNN(**options)) == expected


def test_the_layers_are_the_papers():
    network = MSCNN(1)
    shapes = [tuple(m.weight.shape) for m in network.modules() if isinstance(m, nn.Conv2d)]
    scales = [(32, 1, 1, 1), (40, 1, 3, 3), (48, 1, 5, 5), (56, 1, 7, 7), (64, 1, 9, 9)]
    gate = [(240, 240, 1, 1)] * 3
    rest = [(128, 240, 1, 1), (128, 128, 1, 1), (1, 128, 1, 1)]
    assert shapes == scales + gate + rest
    assert [type(each) for each in network.damping if not isinstance(each, nn.Conv2d)] == [
        nn.ReLU,
        nn.ReLU,
        nn.Sigmoid,
    ]


def test_the_gate_damps_the_features_of_the_first_layer_and_a_fresh_one_lets_most_through():
    network, features = MSCNN(1).eval(), torch.rand(1, 240, 6, 5)
    assert torch.allclose(network.damping(features), torch.tensor(0.8808), atol=1e-4)
    gated = shaken(network)
    seen = {}
    gated.reconstruction.register_forward_pre_hook(lambda _, inputs: seen.update(into=inputs[0]))
    gated.damping.register_forward_hook(
        lambda _, inputs, gate: seen.update(l1=inputs[0], gate=gate)
    )
    gated(torch.rand(1, 1, 12, 12))
    assert 0 < seen["gate"].min() < 0.4 < 0.6 < seen["gate"].max() < 1
    assert seen["l1"].min() == 0, "behind a ReLU"
    assert torch.equal(seen["into"], seen["l1"] * seen["gate"])


def test_dropout_is_right_behind_the_first_layer_and_only_in_training():
    network = shaken(MSCNN(1, damping=False, dropout=0.7))
    seen = []
    network.reconstruction.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    image = torch.rand(1, 1, 40, 40) + 0.1
    whole = network(image)
    network.train()
    dropped = network(image)
    assert not torch.equal(whole, dropped)
    alive = seen[0] > 0
    assert abs((seen[1][alive] == 0).float().mean() - 0.7) < 0.01


@pytest.mark.parametrize("kernels", [[1, 3, 5, 7, 9], [3, 5, 7, 9, 11], [1, 3]])
def test_a_pixel_depends_on_half_of_the_largest_kernel_and_on_no_more(kernels):
    options = MSCNNOptions(channels=1, kernels=kernels)
    halo = mscnn_tiling(options).halo
    assert halo == kernels[-1] // 2
    network = shaken(build_network(MODEL, options))
    image = torch.rand(1, 1, 31, 31, requires_grad=True)
    network(image)[0, 0, 15, 15].backward()
    rows = image.grad[0, 0].abs().amax(1).nonzero().flatten()
    assert (rows[0], rows[-1]) == (15 - halo, 15 + halo)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("tile", [16, 37])
def test_tiled_equals_whole(tmp_path, channels, tile):
    weights = write_set(tmp_path / "set", MODEL, MSCNN(channels), {"channels": channels})
    image = random_image(61, 83, channels)
    whole = cleaned(MODEL, weights, image, tile="none")
    assert np.abs(cleaned(MODEL, weights, image, tile=tile) - whole).max() < 2e-6


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 2)])
def test_an_image_smaller_than_the_window_is_cleaned_too(tmp_path, size):
    weights = write_set(tmp_path / "set", MODEL, MSCNN(), {})
    assert cleaned(MODEL, weights, random_image(*size)).shape == (3, *size)


@pytest.mark.parametrize(
    "options",
    [{"kernels": []}, {"kernels": [3, 4]}, {"kernels": [-1]}, {"dropout": 1.0}, {"channels": 0}],
)
def test_options_that_make_no_network_are_refused(options):
    with pytest.raises(InvalidSetting):
        validate_options(MODEL, options)
