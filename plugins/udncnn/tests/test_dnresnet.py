"""DN-ResNet is the paper's, grows without forgetting, and is cut exactly."""

import numpy as np
import pytest
import torch
from imgclean_udncnn import DNRESNET
from imgclean_udncnn.dnresnet import DNResNet, ResBlock, SeparableBlock
from imgclean_udncnn.options import DNResNetOptions
from imgclean_udncnn.tiling import dnresnet_tiling
from network_material import cleaned, parameters, random_image, shaken, write_set
from pydantic import ValidationError
from torch import nn

from imgclean.errors import InvalidSetting
from imgclean.training.beginnings import inherit
from imgclean.weightsets.network import build_network, validate_options

DEEPLY = {"blocks": 8}
SEPARABLE = {"separable": 5}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"channels": 1, "blocks": 0}, 57_281),
        ({"channels": 1}, 149_761),
        ({"channels": 3}, 161_731),
        ({"channels": 1} | SEPARABLE, 71_041),
        ({"channels": 1} | DEEPLY, 205_249),
    ],
)
def test_the_network_has_the_papers_parameters(options, expected):
    assert parameters(DNResNet(**options)) == expected


def test_a_block_adds_the_papers_parameters():
    assert parameters(ResBlock()) == 18_496
    assert parameters(DNResNet(1, 4)) - parameters(DNResNet(1, 3)) == 18_496


def test_a_separable_network_multiplies_less_than_half_as_often():
    def multiplications(network):
        return sum(m.weight.numel() for m in network.modules() if isinstance(m, nn.Conv2d))

    ratio = multiplications(DNResNet(1)) / multiplications(DNResNet(1, **SEPARABLE))
    assert round(ratio, 2) == 2.12


def test_there_is_neither_batch_norm_nor_a_relu_after_the_sum():
    assert not any(isinstance(m, nn.BatchNorm2d) for m in DNResNet().modules())
    x = torch.full((1, 32, 8, 8), -1.0)
    for block in (ResBlock(), SeparableBlock()):
        assert block(x).max() < 0


def test_the_depth_is_three_layers_and_two_for_each_block():
    for blocks, depth in ((0, 3), (5, 13), (8, 19)):
        found = sum(isinstance(m, nn.Conv2d) for m in DNResNet(blocks=blocks).modules())
        assert found == depth


@pytest.mark.parametrize(
    "grown", [{"blocks": 3}, {"blocks": 2, "separable": 1}], ids=["a block", "a separable block"]
)
def test_a_fresh_block_hardly_changes_what_a_trained_network_does(grown):
    """Of an evolution what the converted block did is lost, the rest is as it was."""
    trained = shaken(DNResNet(blocks=2))
    network = DNResNet(**grown).eval()
    inherit(network, trained.state_dict(), lambda _: None)
    if "separable" in grown:
        trained.blocks[0] = nn.Identity()
    x = torch.rand(1, 3, 24, 24)
    torch.testing.assert_close(network(x), trained(x), atol=2e-2, rtol=0)
    assert not torch.equal(network(x), trained(x))


def test_what_an_inserted_block_begins_as_lets_all_its_layers_learn():
    for block in (ResBlock(), SeparableBlock()):
        block(torch.rand(1, 32, 8, 8)).square().mean().backward()
        for name, each in block.named_parameters():
            assert each.grad.abs().max() > 1e-6, name  # 1e-9 and less, were all layers near 0


def test_direct_mapping_and_noise_differ_by_the_image():
    noise, direct = (shaken(DNResNet(1, residual=each)) for each in (True, False))
    x = torch.rand(1, 1, 12, 12)
    torch.testing.assert_close(noise(x), x + direct(x))


@pytest.mark.parametrize("options", [{}, SEPARABLE, DEEPLY, {"blocks": 0}])
def test_the_halo_is_exactly_the_radius_of_the_receptive_field(options):
    network = shaken(DNResNet(1, **options)).double()
    halo = dnresnet_tiling(DNResNetOptions(channels=1, **options)).halo
    middle = halo + 3
    x = torch.rand(1, 1, 2 * middle + 1, 2 * middle + 1, dtype=torch.float64, requires_grad=True)
    network(x)[0, 0, middle, middle].backward()
    rows = x.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert (middle - rows.min(), rows.max() - middle) == (halo, halo)


@pytest.mark.parametrize("options", [{}, SEPARABLE], ids=["standard", "separable"])
def test_tiles_give_what_the_whole_image_gives(tmp_path, options):
    weights = write_set(tmp_path / "set", DNRESNET, DNResNet(**options), options)
    image = random_image(150, 211)
    whole, tiled = (cleaned(DNRESNET, weights, image, tile=tile) for tile in ("none", 50))
    assert np.abs(whole - image).max() > 0.01
    assert np.abs(tiled - whole).max() <= 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (8, 8)])
def test_an_image_of_any_size_is_cleaned(size):
    assert DNResNet()(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_the_model_builds_from_its_description():
    network = build_network(DNRESNET, validate_options(DNRESNET, {"channels": 1, "separable": 2}))
    assert [type(each).__name__ for each in network.blocks[1:3]] == ["SeparableBlock", "ResBlock"]


@pytest.mark.parametrize("bad", [{"separable": 6}, {"blocks": -1}, {"depth": 13}])
def test_options_are_strict(bad):
    with pytest.raises(ValidationError):
        DNResNetOptions.model_validate(bad)


def test_more_separable_blocks_than_there_are_is_refused_in_plain_words():
    with pytest.raises(InvalidSetting) as caught:
        validate_options(DNRESNET, {"blocks": 2, "separable": 3})
    assert str(caught.value).startswith("options of dnresnet: separable is above blocks")
