import numpy as np
import pytest
import torch
from imgclean_dncnn import DNCNN, imgclean_models
from imgclean_dncnn.network import DnCNN
from imgclean_dncnn.options import DnCNNOptions, tiling
from pydantic import ValidationError
from torch import nn

import imgclean
from imgclean.inference.preparation.plain_convolution import PlainConvolution
from imgclean.inference.preparation.rewriting import rewrite
from imgclean.weightsets.network import build_network, validate_options


def parameters(network):
    return sum(each.numel() for each in network.parameters())


@pytest.mark.parametrize(
    ("depth", "channels", "trained", "folded"),
    [(17, 1, 556_097, 555_137), (20, 1, 667_073, 665_921), (20, 3, 669_379, 668_227)],
)
def test_the_network_has_the_papers_parameters_before_and_after_folding(
    depth, channels, trained, folded
):
    network = DnCNN(channels, depth)
    assert parameters(network) == trained
    assert parameters(rewrite(network.eval(), PlainConvolution)) == folded


def test_the_layers_are_the_papers():
    kinds = [type(layer).__name__ for layer in DnCNN(depth=5).layers]
    inner = ["Conv2d", "BatchNorm2d", "ReLU"]
    assert kinds == ["Conv2d", "ReLU", *inner * 3, "Conv2d"]


def test_it_predicts_the_noise_which_is_subtracted():
    network = DnCNN(1, 4, 8).eval()
    nn.init.zeros_(network.layers[-1].weight)
    x = torch.rand(2, 1, 9, 11)
    torch.testing.assert_close(network(x), x)


def test_direct_mapping_returns_the_layers_output():
    network = DnCNN(1, 4, 8, residual=False).eval()
    x = torch.rand(1, 1, 8, 8)
    torch.testing.assert_close(network(x), network.layers(x))


@pytest.mark.parametrize("depth", [3, 7])
def test_the_halo_is_exactly_the_radius_of_the_receptive_field(depth):
    network = DnCNN(1, depth, 8, batch_norm=False).double().eval()
    halo = tiling(DnCNNOptions(channels=1, depth=depth)).halo
    x = torch.rand(1, 1, 41, 41, dtype=torch.float64, requires_grad=True)
    network(x)[0, 0, 20, 20].backward()
    rows = x.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert rows.min() >= 20 - halo
    assert rows.max() <= 20 + halo
    assert halo == depth


def test_dirac_initialisation_begins_near_the_identity():
    network = DnCNN(1, 6, 16, batch_norm=False, initialisation="dirac")
    inner = network.layers[2].weight
    identity = nn.init.dirac_(torch.empty_like(inner))
    assert (inner - identity).abs().max() < 0.1
    assert parameters(network) == parameters(DnCNN(1, 6, 16, batch_norm=False))


def test_small_gains_let_batch_norm_begin_near_the_clean_image():
    """And leave the convolutions as He has them."""
    x = torch.rand(4, 1, 40, 40)
    networks = []
    for initialisation in ("he", "small-gain"):
        torch.manual_seed(0)
        networks.append(DnCNN(1, 17, initialisation=initialisation))
    far, near = networks
    torch.testing.assert_close(near.layers[-1].weight, far.layers[-1].weight)
    assert (far(x) - x).square().mean() > 100 * (near(x) - x).square().mean()


def test_the_model_builds_from_its_description():
    (info,) = imgclean_models()
    network = build_network(info, validate_options(info, {"channels": 1, "depth": 17}))
    assert network(torch.rand(1, 1, 8, 8), torch.tensor([0.1])).shape == (1, 1, 8, 8)


@pytest.mark.parametrize("bad", [{"depth": 2}, {"channels": "3"}, {"dropout": 0.1}])
def test_options_are_strict(bad):
    with pytest.raises(ValidationError):
        DnCNNOptions.model_validate(bad)


def test_bf16_keeps_the_residual_sum_in_float32():
    network = DnCNN(1, 3, 8).eval()
    nn.init.zeros_(network.layers[-1].weight)
    x = torch.rand(1, 1, 8, 8)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(network(x), x, rtol=0, atol=0)
    assert "bf16" in DNCNN.precisions


def test_tiles_give_what_the_whole_image_gives():
    samples = np.random.default_rng(0).integers(0, 256, (230, 310, 3)).astype(np.float32) / 255
    whole, tiled = (
        imgclean.denoise(samples, "dncnn", precision="fp32", tile=tile) for tile in ("none", 64)
    )
    assert np.abs(whole - samples).max() > 0.1
    assert np.abs(tiled - whole).max() <= 1e-5
