"""What is arranged anew around the convolutions of a network computes the same."""

import pytest
import torch
from torch import nn

from imgclean.inference.preparation.fusion import Convolution
from imgclean.inference.preparation.gates import GatedConvolution
from imgclean.inference.preparation.joining import joined
from imgclean.inference.preparation.packed_convolution import PackedConvolution
from imgclean.inference.preparation.pointwise_convolution import PointwiseConvolution, is_pointwise
from imgclean.inference.preparation.rewriting import Arrangement, rewrite
from imgclean.inference.preparation.strips import InStrips

ALL = Arrangement(joins=True, strip=200)


@pytest.fixture(autouse=True)
def without_gradients():
    with torch.inference_mode():
        yield


class Windows(nn.Module):
    """Several windows on the image, a gate, 1x1 convolutions, and the image added."""

    def __init__(self, last=1, *, residual=True, wide=4):
        super().__init__()
        self.scales = nn.ModuleList(
            nn.Conv2d(2, wide, size, padding=size // 2) for size in (1, 3, 7)
        )
        self.gate = nn.Sequential(nn.Conv2d(3 * wide, 3 * wide, 1), nn.Sigmoid())
        self.body = nn.Sequential(
            nn.Conv2d(3 * wide, 40, 1), nn.ReLU(), nn.Conv2d(40, 2, last, padding=last // 2)
        )
        self.residual = residual

    def forward(self, x):
        features = torch.cat([scale(x) for scale in self.scales], dim=1).relu()
        y = self.body(features * self.gate(features))
        return x - y if self.residual else y


def packed(convolution):
    dtype = torch.float32
    kind = PointwiseConvolution if is_pointwise(convolution.layer, dtype) else PackedConvolution
    return kind(convolution, dtype)


def kinds(network):
    return [type(each) for each in network.modules()]


@pytest.mark.parametrize("arrangement", [Arrangement(), Arrangement(strip=200), ALL])
@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (3, 90), (41, 23), (40, 300)])
def test_a_network_in_strips_computes_what_it_does_as_a_whole(arrangement, residual, size):
    network = Windows(residual=residual, wide=48).eval()
    x = torch.rand(2, 2, *size).contiguous(memory_format=torch.channels_last)
    expected = network(x)
    torch.testing.assert_close(
        rewrite(network, packed, arrangement)(x), expected, atol=2e-6, rtol=0
    )


def test_strips_are_for_what_sees_beyond_a_pixel_in_the_image_only_and_is_mostly_1x1():
    assert isinstance(rewrite(Windows(wide=48).eval(), packed, ALL), InStrips)
    for other in (Windows(last=3), nn.Sequential(nn.Conv2d(2, 8, 3), nn.Conv2d(8, 9, 1))):
        assert not isinstance(rewrite(other.eval(), packed, ALL), InStrips)
    for unknown in (nn.Softmax(2), nn.AdaptiveAvgPool2d(1), nn.Upsample(scale_factor=2)):
        network = nn.Sequential(nn.Conv2d(2, 8, 3, padding=1), nn.Conv2d(8, 99, 1), unknown)
        assert InStrips not in kinds(rewrite(network.eval(), packed, ALL))


def test_convolutions_beside_each_other_become_one_where_zeros_are_few():
    apart, together = (
        rewrite(Windows().eval(), packed, Arrangement(joins=joins)) for joins in (False, True)
    )
    assert kinds(apart).count(PackedConvolution) == 3 + 3
    assert kinds(together).count(PackedConvolution) == 1 + 3
    many = nn.Module()
    many.a, many.b = nn.Conv2d(9, 4, 1), nn.Conv2d(9, 4, 7, padding=3)
    many.forward = lambda x: torch.cat([many.a(x), many.b(x)], 1)
    one = joined([many.a, many.b])
    x = torch.rand(1, 9, 12, 15)
    torch.testing.assert_close(one(x), many.forward(x), atol=2e-6, rtol=0)
    assert one.weight.shape == (8, 9, 7, 7)


@pytest.mark.parametrize("shape", [(1, 6, 9, 11), (1, 6, 1, 1), (1, 1, 9, 11)])
def test_a_gate_multiplies_what_it_is_given_and_leaves_that_as_it_was(shape):
    layer = nn.Conv2d(5, 6, 1)
    x, features = torch.rand(1, 5, 9, 11), torch.rand(shape)
    before = features.clone()
    gated = GatedConvolution(PackedConvolution(Convolution(layer, 1.0), torch.float32))
    torch.testing.assert_close(gated(x, features), features * layer(x).sigmoid())
    assert torch.equal(features, before)


@pytest.mark.parametrize("slope", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_1x1_convolution_as_a_product_of_matrices_is_the_convolution(slope, adds, bias):
    layer = nn.Conv2d(5, 7, 1, bias=bias)
    x, other = torch.randn(2, 5, 9, 11), torch.randn(2, 7, 9, 11) if adds else None
    expected = layer(x) if other is None else layer(x) + other
    found = PointwiseConvolution(Convolution(layer, slope), torch.float32)(x, other)
    torch.testing.assert_close(found, nn.functional.leaky_relu(expected, slope))
    assert found.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "unusual",
    [{"kernel_size": 3}, {"stride": 2}, {"groups": 2}, {"padding": 1}, {"in_channels": 32}],
)
def test_other_convolutions_are_no_product_of_matrices(unusual):
    usual = {"in_channels": 128, "out_channels": 6, "kernel_size": 1}
    assert is_pointwise(nn.Conv2d(**usual), torch.float32)
    assert not is_pointwise(nn.Conv2d(**usual | unusual), torch.float32)


class Layers(nn.Module):
    """A window on the image and a 1x1 convolution, and what a subclass does with them."""

    def __init__(self):
        super().__init__()
        self.window = nn.Conv2d(2, 48, 3, padding=1)
        self.gate = nn.Conv2d(48, 48, 1)


class ClampsUnread(Layers):
    def forward(self, x):
        y = self.gate(self.window(x))
        y.clamp_(0, 0.1)
        return y


class ChangesWhatTheGateRead(Layers):
    def forward(self, x):
        features = self.window(x)
        gate = torch.sigmoid(self.gate(features))
        return features.relu_() * gate


class NamesItsFactor(Layers):
    def forward(self, x):
        features = self.window(x)
        return torch.mul(features, other=torch.sigmoid(self.gate(features)))


class TakesStatisticsOfTheImage(Layers):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(48, track_running_stats=False)

    def forward(self, x):
        return self.gate(self.norm(self.window(x)))


@pytest.mark.parametrize(
    "kind", [ClampsUnread, ChangesWhatTheGateRead, NamesItsFactor, TakesStatisticsOfTheImage]
)
def test_what_cannot_be_arranged_anew_computes_what_it_did(kind):
    torch.manual_seed(0)
    network, image = kind().eval(), torch.rand(1, 2, 40, 24)
    expected = network(image)
    found = rewrite(network, packed, ALL)(image)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)
