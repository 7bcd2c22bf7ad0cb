"""The network is the paper's, and what surrounds its layer changes nothing that should stay."""

import numpy as np
import pytest
import torch
from deepglr_sets import VARIANTS, network, random_image
from hypothesis import given, settings
from hypothesis import strategies as st
from imgclean_deepglr.colour import to_rgb, to_yuv
from imgclean_deepglr.convolution import convolution
from imgclean_deepglr.lattice import SIDE, STRIDE, Lattice
from imgclean_deepglr.network import DeepGLR
from imgclean_deepglr.options import DeepGLROptions
from imgclean_deepglr.regularisation_weight import RegularisationWeight
from imgclean_deepglr.tiling import block_tiling

SIDES = st.integers(SIDE, 120)


def parameters(module):
    return sum(each.numel() for each in module.parameters())


@pytest.mark.parametrize("blocks", [1, 4])
def test_the_parameters_are_the_papers_at_any_number_of_blocks(blocks):
    made = DeepGLR(blocks=blocks)
    assert parameters(made.exemplars) == 407_907
    assert parameters(made.prefilter) == 20_259
    assert parameters(made.layer.weight) == 37_921
    assert parameters(made) == 466_087


def test_convolutions_of_equal_width_begin_near_the_identity():
    identity = torch.nn.init.dirac_(torch.empty(64, 64, 3, 3))
    rest = convolution(64, 64).weight - identity
    assert 0.05 < rest.std() * (9 * 64 / 2) ** 0.5 < 0.15
    assert convolution(32, 64).weight.std() * (9 * 32 / 2) ** 0.5 > 0.9


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_constant_image_passes_the_layer_unchanged(variant):
    made = network(**VARIANTS[variant] | {"prefilter": "none"})
    image = torch.full((1, made.options.channels, 40, 61), 0.3)
    with torch.no_grad():
        torch.testing.assert_close(made(image), image, atol=1e-5, rtol=0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_parameter_learns(variant):
    made = network(**VARIANTS[variant]).train()
    image = torch.tensor(random_image(30, 49, made.options.channels))[None]
    made(image).square().mean().backward()
    for name, each in made.named_parameters():
        assert each.grad is not None, name
        assert torch.isfinite(each.grad).all(), name
        assert each.grad.any(), name


@pytest.mark.parametrize(("gradient", "learns"), [(-1.0, True), (1.0, False)])
def test_a_mu_of_0_is_raised_again_but_not_lowered(gradient, learns):
    weight = RegularisationWeight(3)
    torch.nn.init.constant_(weight.decide[2].bias, -100.0)
    patches = torch.rand(2, 3, SIDE, SIDE)
    mu = weight(patches)
    assert mu.tolist() == [0, 0]
    mu.backward(torch.full((2,), gradient))
    assert bool(weight.decide[2].bias.grad) is learns
    with torch.no_grad():
        assert weight(patches).tolist() == [0, 0]


def test_gradients_are_numbers_on_a_constant_image():
    made = network().train()
    made(torch.full((2, 3, 48, 48), 0.5)).sum().backward()
    assert all(torch.isfinite(each.grad).all() for each in made.parameters())


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 70), (25, 26), (26, 26), (27, 47)])
def test_images_smaller_than_a_patch_keep_their_size(height, width):
    with torch.no_grad():
        clean = network()(torch.rand(2, 3, height, width))
    assert clean.shape == (2, 3, height, width)
    assert torch.isfinite(clean).all()


def test_yuv_is_that_of_bt_601_with_chroma_centred():
    colours = torch.tensor([[1.0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]]).view(4, 3, 1, 1)
    expected = torch.tensor(
        [[1, 0.5, 0.5], [0, 0.5, 0.5], [0.299, 0.331264, 1], [0.114, 1, 0.418688]]
    )
    torch.testing.assert_close(to_yuv(colours).flatten(1), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_colours_come_back_from_yuv(channels):
    image = torch.rand(2, channels, 5, 7) * 3 - 1
    torch.testing.assert_close(to_rgb(to_yuv(image)), image, atol=1e-5, rtol=0)


@settings(max_examples=25)
@given(SIDES, SIDES)
def test_the_patches_of_an_image_average_to_it(height, width):
    lattice = Lattice(height, width)
    image = torch.tensor(random_image(height, width, 2))[None].repeat(2, 1, 1, 1)
    image[1] *= 2
    patches = lattice.cut(image)
    assert len(patches) == 2 * lattice.shape[0] * lattice.shape[1]
    torch.testing.assert_close(lattice.average(patches), image)


@given(SIDES)
def test_the_last_patch_lies_flush_where_the_stride_does_not_fit(length):
    image = torch.arange(length).float().expand(1, 1, SIDE, length)
    firsts = Lattice(SIDE, length).cut(image)[:, 0, 0, 0].tolist()
    assert firsts[0] == 0
    assert firsts[-1] == length - SIDE
    steps = np.diff(firsts)
    assert (steps[:-1] == STRIDE).all()
    assert (steps[-1:] <= STRIDE).all()


def test_overlapping_patches_count_equally():
    lattice = Lattice(SIDE, SIDE + STRIDE)
    patches = torch.stack([torch.zeros(1, SIDE, SIDE), torch.ones(1, SIDE, SIDE)])
    columns = lattice.average(patches)[0, 0, 0]
    assert columns[:STRIDE].tolist() == [0] * STRIDE
    assert columns[STRIDE:SIDE].tolist() == [0.5] * (SIDE - STRIDE)
    assert columns[SIDE:].tolist() == [1] * STRIDE


def test_the_halo_of_a_block_is_44_pixels_and_its_tiles_lie_on_the_lattice():
    tiling = block_tiling(DeepGLROptions())
    assert (tiling.halo, tiling.alignment) == (44, 44)


def test_the_layer_computes_in_float32_under_autocast():
    made = network()
    image = torch.tensor(random_image(48, 48))[None]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = made.layer(image, image, made.exemplars(image).float())
    assert found.dtype == torch.float32
