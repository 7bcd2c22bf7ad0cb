"""DnCNNs of others' code compute the same here; other networks are refused by what they are."""

import pytest
import torch
from foreign_material import (
    Conv,
    deepinv,
    numbered,
    random_stack,
    residual,
    save,
)
from imgclean_dncnn import DNCNN
from imgclean_dncnn.checkpoints import recognise
from matconvnet_material import write_matconvnet

from imgclean import ForeignCheckpoint
from imgclean.errors import WeightsIncompatible
from imgclean.inference.preparation.plain_convolution import PlainConvolution
from imgclean.inference.preparation.rewriting import rewrite
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.network import load_network


def load(path):
    found = find(str(path), installed(), (DNCNN,))
    return found.config, load_network(DNCNN, found)


def assert_computes(network, stack, channels, sign=-1):
    x = torch.rand(1, channels, 12, 14, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = x + sign * residual(stack, x)
        torch.testing.assert_close(network(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("depth", "channels"), [(17, 1), (20, 1), (20, 3)])
def test_kairs_folded_checkpoints_compute_what_they_did(tmp_path, depth, channels):
    stack = random_stack(depth, channels)
    config, network = load(save(tmp_path / "a.pth", numbered(stack, "model.")))
    assert config.options == {"channels": channels, "depth": depth, "batch_norm": False}
    assert config.channels == channels
    assert_computes(network, stack, channels)


@pytest.mark.parametrize("wrapper", ["module.", ""])
def test_dncnn_pytorchs_checkpoints_keep_their_batch_norms_and_have_no_bias(tmp_path, wrapper):
    stack = random_stack(17, norm=True, bias=False)
    config, network = load(save(tmp_path / "net.pth", numbered(stack, f"{wrapper}dncnn.")))
    assert config.options == {"channels": 1, "depth": 17, "batch_norm": True}
    assert_computes(network, stack, 1)


@pytest.mark.parametrize("bias", [True, False])
def test_what_deepinvs_network_adds_is_subtracted_here(tmp_path, bias):
    stack = random_stack(20, 3, bias=bias)
    config, network = load(save(tmp_path / "dncnn_25.pth", deepinv(stack)))
    assert config.noise == "gaussian:2", "whatever the file's name"
    assert_computes(network, stack, 3, sign=1)


@pytest.mark.parametrize("norm", [True, False])
def test_our_own_layout_is_read_without_a_config(tmp_path, norm):
    stack = random_stack(17, norm=norm)
    config, network = load(save(tmp_path / "a.bin", numbered(stack, "layers.")))
    assert config.provenance.layout == "imgclean"
    assert_computes(network, stack, 1)


@pytest.mark.parametrize("bias_shape", [(1, -1), (-1, 1), (-1,)])
@pytest.mark.parametrize(("depth", "channels"), [(17, 1), (20, 3)])
def test_matconvnets_networks_compute_what_they_did(tmp_path, depth, channels, bias_shape):
    """Kernels lie there transposed; the last layer of a gray network has lost an axis."""
    stack = random_stack(depth, channels)
    config, network = load(write_matconvnet(tmp_path / "a.mat", stack, bias_shape=bias_shape))
    assert config.options == {"channels": channels, "depth": depth, "batch_norm": False}
    assert_computes(network, stack, channels)


def test_a_convolution_of_matconvnet_may_have_an_empty_bias(tmp_path):
    stack = random_stack(17, bias=False)
    _, network = load(write_matconvnet(tmp_path / "a.mat", stack))
    assert_computes(network, stack, 1)


def test_a_first_layer_of_matconvnet_may_lack_an_axis_too(tmp_path):
    stack = random_stack(17)
    _, network = load(write_matconvnet(tmp_path / "a.mat", stack, squeeze_first=True, last=None))
    assert_computes(network, stack, 1)


def test_batch_norms_of_matconvnet_hold_deviations_with_epsilon(tmp_path):
    stack = random_stack(17, norm=True)
    config, network = load(write_matconvnet(tmp_path / "a.mat", stack))
    assert config.options["batch_norm"]
    assert_computes(network, stack, 1)


def test_a_bias_before_a_batch_norm_is_not_lost(tmp_path):
    stack = random_stack(17, norm=True, bias=True)
    _, network = load(save(tmp_path / "a.pth", numbered(stack, "model.")))
    assert_computes(network, stack, 1)


def test_folded_by_hand_and_folded_by_preparation_are_the_same(tmp_path):
    stack = random_stack(17, norm=True, bias=False)
    folded = []
    for each in stack:
        if each.norm is None:
            folded.append(Conv(each.weight, torch.zeros(len(each.weight))))
            continue
        scale = each.norm["weight"] / (each.norm["running_var"] + 1e-5).sqrt()
        bias = each.norm["bias"] - each.norm["running_mean"] * scale
        folded.append(Conv(each.weight * scale[:, None, None, None], bias))
    _, by_hand = load(save(tmp_path / "folded.pth", numbered(folded, "model.")))
    _, unfolded = load(save(tmp_path / "unfolded.pth", numbered(stack, "model.")))
    prepared = rewrite(unfolded, PlainConvolution)
    assert sum(each.numel() for each in prepared.parameters()) == 555_137
    assert_computes(prepared, stack, 1)
    assert_computes(by_hand, stack, 1)


@pytest.mark.parametrize(
    ("name", "noise", "source"),
    [
        ("dncnn_15.pth", "gaussian:15", "file name"),
        ("dncnn_50.pth", "gaussian:50", "file name"),
        ("dncnn_gray_blind.pth", "gaussian:0-55", "file name"),
        ("dncnn_color_blind.pth", "gaussian:0-55", "file name"),
        ("GD_Gray_Blind.mat", "gaussian:0-55", "file name"),
        (
            "DnCNN3.mat",
            "gaussian:0-55|bicubic:2|bicubic:3|bicubic:4|jpeg:5-99",
            "file name",
        ),
        ("sigma=25.mat", "gaussian:25", "file name"),
        ("net.pth", "gaussian:0-55", "assumed"),
        ("my_dncnn_15_retrained.pth", "gaussian:0-55", "assumed"),
    ],
)
def test_the_noise_domain_is_that_of_the_published_name(name, noise, source):
    checkpoint = ForeignCheckpoint(
        file=name, container="PyTorch", tensors=numbered(random_stack(), "model.")
    )
    found = recognise(checkpoint)
    assert (found.noise, found.noise_source) == (noise, source)


def with_input(stack, channels):
    """Return the stack with a first layer for other channels."""
    first = Conv(torch.rand(64, channels, 3, 3), stack[0].bias)
    return [first, *stack[1:]]


def with_output(stack, channels):
    return [*stack[:-1], Conv(torch.rand(channels, 64, 3, 3), torch.rand(channels))]


OTHERS = {
    "a stack of 34": (
        lambda: numbered(random_stack(34, width=96), "model."),
        "34 convolutions, 96 channels: not a DnCNN",
    ),
    "an IRCNN, whose kernels are dilated": (
        lambda: numbered(random_stack(7), "model."),
        "7 convolutions, 64 channels: not a DnCNN",
    ),
    "an FFDNet": (
        lambda: numbered(with_output(with_input(random_stack(15), 5), 4), "model."),
        "15 convolutions, 64 channels, 5 image channels in and 4 out: not a DnCNN",
    ),
    "an FDnCNN, which is told the noise level": (
        lambda: numbered(with_input(random_stack(20), 2), "model."),
        "20 convolutions, 64 channels, 2 image channels in and 1 out: not a DnCNN",
    ),
    "other kernels": (
        lambda: {
            name: each if each.ndim < 4 else torch.rand(*each.shape[:2], 5, 5)
            for name, each in numbered(random_stack(), "model.").items()
        },
        "17 convolutions, 64 channels, kernels of 5x5: not a DnCNN",
    ),
    "no network of images": (lambda: {"fc.weight": torch.rand(3, 3)}, "no convolutions"),
    "other names": (
        lambda: numbered(random_stack(), "body."),
        "a DnCNN has no body.0.weight, body.0.bias, ...",
    ),
    "a layer too many": (
        lambda: numbered(random_stack(), "model.") | {"gain.alpha": torch.rand(1)},
        "a DnCNN has no gain.alpha",
    ),
    "a slope of its ReLUs": (
        lambda: numbered(random_stack(), "model.") | {"model.1.weight": torch.rand(1)},
        "a DnCNN has no model.1.weight",
    ),
    "a dilated layer of MatConvNet": (
        lambda: numbered(random_stack(), "net.layers.") | {"net.layers.2.dilate": torch.ones(1)},
        "a DnCNN has no net.layers.2.dilate",
    ),
    "batch norms here and there": (
        lambda: {
            name: each
            for name, each in numbered(random_stack(norm=True), "model.").items()
            if not name.startswith("model.3.")
        },
        "a batch norm after each inner convolution or none",
    ),
    "a bias of another length": (
        lambda: numbered(random_stack(), "model.") | {"model.2.bias": torch.rand(63)},
        r"model.2.bias is of the shape \(63,\), not \(64,\)",
    ),
    "layers that do not follow each other": (
        lambda: numbered(random_stack(), "model.") | {"model.4.weight": torch.rand(64, 32, 3, 3)},
        "model.4 does not take what model.2 gives",
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_network_is_refused_as_what_it_is(kind):
    make, reason = OTHERS[kind]
    tensors = {name: each for name, each in make().items() if "num_batches" not in name}
    checkpoint = ForeignCheckpoint(file="a.pth", container="PyTorch", tensors=tensors)
    with pytest.raises(WeightsIncompatible, match=reason):
        recognise(checkpoint)
