"""UDnCNN, DUDnCNN and their DnCNN are the paper's, for images of any size, and are cut exactly."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from imgclean_udncnn import UDNCNN
from imgclean_udncnn.options import UDnCNNOptions
from imgclean_udncnn.tiling import udncnn_tiling
from imgclean_udncnn.udncnn import UDnCNN
from network_material import cleaned, parameters, random_image, shaken, write_set
from torch import nn
from torch.nn import functional

from imgclean.degradation.spec import Gaussian
from imgclean.evaluation.published import published_figure
from imgclean.weightsets.catalogue import find, installed

VARIANTS = ["udncnn", "dudncnn", "dncnn"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_has_the_papers_parameters(variant):
    assert parameters(UDnCNN(variant=variant)) == 225_859


def test_every_convolution_has_biases():
    assert all(m.bias is not None for m in UDnCNN().modules() if isinstance(m, nn.Conv2d))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"variant": "dudncnn"}, [1, 1, 2, 4, 4, 2, 1, 1]),
        ({"variant": "dudncnn", "dilations": "stated"}, [1, 1, 2, 4, 4, 4, 2, 1]),
        ({"variant": "dncnn"}, [1] * 8),
        ({"variant": "udncnn"}, [1] * 8),
    ],
)
def test_the_dilations_are_the_papers(options, expected):
    found = [m.dilation[0] for m in UDnCNN(**options).modules() if isinstance(m, nn.Conv2d)]
    assert found == expected


def test_damped_batch_norm_has_the_epsilon_and_the_gains_of_the_papers_figures():
    for normalisation, epsilon, gain in (("standard", 1e-5, 1), ("damped", 64, 10)):
        network = UDnCNN(normalisation=normalisation)
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        assert len(norms) == 6
        assert {m.eps for m in norms} == {epsilon}
        assert all((m.weight == gain).all() for m in norms)


def as_in_the_paper(network, x):
    """UDnCNN on an image in [-1, 1] whose sides are multiples of 4, layer by layer."""
    h = network.first(x)
    one, two, three, four, five, six = network.inner
    h1, where1 = functional.max_pool2d(one(h), 2, return_indices=True)
    h2, where2 = functional.max_pool2d(two(h1), 2, return_indices=True)
    h = four(three(h2))
    h = functional.max_unpool2d(five((h + h2) / math.sqrt(2)), where2, 2)
    h = functional.max_unpool2d(six((h + h1) / math.sqrt(2)), where1, 2)
    return network.last(h) + x


def test_it_is_the_papers_network_on_images_in_minus_one_to_one():
    network = shaken(UDnCNN())
    x = torch.rand(2, 3, 16, 24)
    expected = (as_in_the_paper(network, 2 * x - 1) + 1) / 2
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-5)


def test_unpooling_puts_each_value_where_the_largest_of_its_cell_was():
    network = UDnCNN()
    h = torch.rand(1, 4, 6, 8)
    pooled, where = network._pooled(h)
    back = network._unpooled(pooled, where, [6, 8])
    cells = functional.max_pool2d(h, 2)
    torch.testing.assert_close(back.sum((2, 3)), cells.sum((2, 3)))
    assert ((back == 0) | (back == h)).all()
    assert (back != 0).sum() == cells.numel()


def test_the_skips_bring_the_pooled_maps_past_the_middle():
    network = shaken(UDnCNN(variant="dudncnn"))
    plain = shaken(UDnCNN(variant="dncnn"))
    for each in (network, plain):
        for middle in (2, 3):
            nn.init.zeros_(each.inner[middle][0].weight)
            nn.init.zeros_(each.inner[middle][0].bias)
    x, y = torch.rand(2, 1, 3, 20, 20)
    assert (network(x) - x - network(y) + y).abs().max() > 1e-3
    torch.testing.assert_close(plain(x) - x, plain(y) - y)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 21), width=st.integers(1, 21), variant=st.sampled_from(VARIANTS))
def test_an_image_of_any_size_is_cleaned(height, width, variant):
    x = torch.rand(1, 3, height, width)
    y = shaken(UDnCNN(variant=variant))(x)
    assert y.shape == x.shape
    assert torch.isfinite(y).all()
    assert (y - x).abs().max() > 1e-3


def test_an_image_below_four_pixels_is_cleaned_as_if_its_edge_went_on():
    network = shaken(UDnCNN())
    x = torch.rand(1, 3, 2, 9)
    expected = network(functional.pad(x, (0, 0, 0, 2), mode="replicate"))[:, :, :2]
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize("variant", ["dudncnn", "dncnn"])
@pytest.mark.parametrize("dilations", ["mirrored", "stated"])
def test_the_halo_is_exactly_the_radius_of_the_receptive_field(variant, dilations):
    options = {"variant": variant, "dilations": dilations}
    network = shaken(UDnCNN(1, **options)).double()
    halo = udncnn_tiling(UDnCNNOptions(channels=1, **options)).halo
    side = 2 * halo + 5
    x = torch.rand(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    network(x)[0, 0, halo + 2, halo + 2].backward()
    rows = x.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert (rows.min(), rows.max()) == (2, side - 3)


def test_pooled_tiles_on_the_grid_of_cells_see_twenty_pixels_far():
    """An output on the grid depends on what is 20 pixels away, and on nothing beyond."""
    tiling = udncnn_tiling(UDnCNNOptions())
    assert (tiling.halo, tiling.alignment) == (20, 4)
    network = shaken(UDnCNN()).double()
    seen = torch.zeros(64, dtype=torch.bool)
    for seed in range(12):
        torch.manual_seed(seed)
        x = torch.rand(1, 3, 64, 64, dtype=torch.float64, requires_grad=True)
        network(x)[:, :, 28:36, 28:36].sum().backward()
        seen |= x.grad.abs().sum((0, 1, 3)) > 0
    rows = seen.nonzero().flatten()
    assert rows.min() >= 28 - 20
    assert rows.max() < 36 + 20


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(150, 211), (97, 41), (5, 130)])
def test_tiles_give_what_the_whole_image_gives(tmp_path, variant, size):
    options = {"variant": variant}
    weights = write_set(tmp_path / "set", UDNCNN, UDnCNN(**options), options)
    image = random_image(*size)
    whole, tiled = (cleaned(UDNCNN, weights, image, tile=tile) for tile in ("none", 30))
    assert np.abs(whole - image).max() > 0.01
    assert np.abs(tiled - whole).max() <= 1e-5


@pytest.mark.parametrize("variant", VARIANTS)
def test_bf16_is_close_enough_to_be_used(tmp_path, variant):
    options = {"variant": variant}
    weights = write_set(tmp_path / "set", UDNCNN, UDnCNN(**options), options)
    image = random_image(64, 80)
    exact, rounded = (cleaned(UDNCNN, weights, image, precision=p) for p in ("fp32", "bf16"))
    removed = np.sqrt(np.mean((exact - image) ** 2))
    assert np.sqrt(np.mean((exact - rounded) ** 2)) < 0.1 * removed


def test_training_reaches_every_parameter():
    network = UDnCNN()
    network(torch.rand(2, 3, 24, 24)).square().mean().backward()
    for name, each in network.named_parameters():
        assert each.grad.abs().max() > 0, name


@pytest.mark.parametrize(
    ("name", "expected"), [("udncnn-colour-30", 28.3076), ("udncnn-dudncnn-colour-30", 29.1349)]
)
def test_each_variants_figure_stands_beside_its_own_set_in_the_papers_protocol_alone(
    name, expected
):
    config = find(name, installed(), (UDNCNN,)).config
    asked = {"title": "bsds300", "degradation": Gaussian.at(30), "channels": 3}
    asked |= {"options": config.options}
    figure = published_figure(UDNCNN, config, **asked, crop=320, unrounded=True)
    assert figure.psnr == expected
    assert published_figure(UDNCNN, config, **asked) is None
