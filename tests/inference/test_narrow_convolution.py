"""A convolution computed cell by cell is the convolution."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from imgclean.inference.preparation.fusion import Convolution
from imgclean.inference.preparation.narrow_convolution import (
    NarrowConvolution,
    cell_side,
    repays,
)
from imgclean.inference.preparation.prepare import Target, prepare_parts
from imgclean.inference.preparation.trial import Images

CPU = torch.device("cpu")


@settings(max_examples=60, deadline=None)
@given(
    outputs=st.integers(1, 4),
    kernel=st.sampled_from([(3, 3), (5, 5), (3, 5)]),
    height=st.integers(1, 19),
    width=st.integers(1, 19),
    slope=st.sampled_from([0.0, 0.1, 1.0]),
    adds=st.booleans(),
    bias=st.booleans(),
)
def test_it_computes_what_the_layer_does(outputs, kernel, height, width, slope, adds, bias):
    layer = nn.Conv2d(6, outputs, kernel, padding=(kernel[0] // 2, kernel[1] // 2), bias=bias)
    x = torch.rand(2, 6, height, width).contiguous(memory_format=torch.channels_last)
    other = torch.randn(2, outputs, height, width) if adds else None
    with torch.inference_mode():
        expected = layer(x) if other is None else layer(x) + other
        expected = functional.leaky_relu(expected, slope)
        found = NarrowConvolution(Convolution(layer, slope))(x, other)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("outputs", "side"), [(1, 4), (2, 2), (3, 2), (4, 2), (5, 1), (64, 1)])
def test_a_cell_has_as_many_pixels_as_sixteen_outputs_hold(outputs, side):
    assert cell_side(nn.Conv2d(8, outputs, 3, padding=1)) == side


@pytest.mark.parametrize(
    "unusual",
    [
        {"out_channels": 5, "padding": 1},
        {"stride": 2, "padding": 1},
        {"dilation": 2, "padding": 2},
        {"in_channels": 3, "groups": 3, "padding": 1},
        {"padding": 0},
        {"kernel_size": 1},
    ],
)
def test_where_nothing_is_gained_the_layer_stays_as_it_is(unusual):
    usual = {"in_channels": 8, "out_channels": 3, "kernel_size": 3}
    assert repays(nn.Conv2d(**usual, padding=1))
    assert not repays(nn.Conv2d(**usual | unusual))


def test_a_network_in_float32_ends_in_one_and_in_bf16_does_not():
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1)
            )

        def forward(self, x, sigma=None):
            return x - self.layers(x)

    network = Network().eval()
    kinds = {}
    for precision in ("fp32", "bf16"):
        parts = prepare_parts(network, Target(CPU, precision), Images(3, 1, None))
        kinds[precision] = any(isinstance(each, NarrowConvolution) for each in parts.modules())
    assert kinds == {"fp32": True, "bf16": False}
