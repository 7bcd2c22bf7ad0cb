"""The network is the paper's."""

import pytest
import torch
from gradnet_material import SMALL, network
from imgclean_gradnet.network import GradNet
from torch import nn

from imgclean.errors import InvalidSetting, NoModelInstalled, UnknownModel


def parameters(module):
    return sum(each.numel() for each in module.parameters())


def test_main_branch_and_naive_block_have_the_papers_parameters():
    made = GradNet()
    assert parameters(made.main) == 1_642_221
    assert parameters(made.naive) == 671_040


def test_the_main_branch_computes_on_67_channels_for_colour_and_65_for_gray():
    for channels in (1, 3):
        block = GradNet(channels=channels).main.body.blocks[0]
        assert block.join.out_channels == 64 + channels
        assert block.join.in_channels == 2 * (64 + channels)


def test_attention_passes_through_half_of_the_channels_rounded_down():
    (attention, *_) = GradNet().main.body.attentions
    assert (attention.squeeze.out_channels, attention.excite.out_channels) == (33, 67)


def test_biases_are_where_the_paper_has_them():
    made = GradNet()
    assert not any(m.bias is not None for m in made.naive.modules() if isinstance(m, nn.Conv2d))
    without = [
        name for name, m in made.main.named_modules() if isinstance(m, nn.Conv2d) and m.bias is None
    ]
    assert without == ["head.0", "tail"]


@pytest.mark.parametrize("fusion", ["features", "input", "late", "none"])
@pytest.mark.parametrize("backbone", ["mskresnet", "skdncnn"])
def test_every_system_gives_an_image_and_learns(backbone, fusion):
    made = GradNet(**SMALL, backbone=backbone, fusion=fusion, gradient="noisy")
    x = torch.rand(2, 3, 14, 17)
    y = made(x)
    assert y.shape == x.shape
    y.square().mean().backward()
    assert all(each.grad is not None for each in made.main.parameters())


def test_mskresnet_adds_to_the_noisy_image_and_skdncnn_gives_the_clean_one():
    x = torch.rand(1, 3, 12, 12)
    for backbone, expected in (("mskresnet", x), ("skdncnn", torch.zeros_like(x))):
        made = network(**SMALL, backbone=backbone, fusion="none")
        nn.init.zeros_(made.main.tail.weight)
        torch.testing.assert_close(made(x), expected)


def test_the_gradient_changes_the_result_where_it_is_fused():
    x = torch.rand(1, 3, 16, 16)
    for fusion in ("features", "input", "late"):
        made = network(**SMALL, fusion=fusion, gradient="clean")
        flat, edges = torch.full_like(x, 0.5), torch.rand_like(x)
        assert (made(x, None, flat) - made(x, None, edges)).abs().max() > 1e-4
        torch.testing.assert_close(made(x, None, flat), made(x, None, flat + 0.2))


@pytest.mark.parametrize("naive", ["skdncnn", "mskresnet"])
def test_no_gradient_is_nan_on_constant_images(naive):
    made = GradNet(**SMALL, naive=naive)
    made(torch.full((2, 3, 12, 12), 0.5)).sum().backward()
    for each in made.parameters():
        assert each.grad is None or torch.isfinite(each.grad).all()


def test_without_the_clean_image_its_gradient_is_refused():
    with pytest.raises(InvalidSetting, match="clean image"):
        network(**SMALL, gradient="clean")(torch.rand(1, 3, 8, 8))


def test_the_naive_block_alone_is_what_the_whole_network_looks_at():
    naive = network(**SMALL, part="naive")
    whole = GradNet(**SMALL)
    whole.load_state_dict(naive.state_dict(), strict=False)
    x = torch.rand(1, 3, 16, 16)
    guided = GradNet(**SMALL, gradient="clean").eval()
    guided.load_state_dict(whole.main.state_dict(prefix="main."))
    torch.testing.assert_close(whole.eval()(x), guided(x, None, naive(x)))


def test_another_model_can_be_the_naive_block():
    made = network(**SMALL, naive="dncnn", naive_options={"depth": 3, "width": 4})
    dncnn = made.naive.network
    assert type(dncnn).__name__ == "DnCNN"
    x = torch.rand(1, 3, 10, 10)
    guided = network(**SMALL, gradient="clean")
    guided.main.load_state_dict(made.main.state_dict())
    torch.testing.assert_close(made(x), guided(x, None, dncnn(x)))


def test_a_classical_method_can_be_the_naive_block():
    made = network(**SMALL, naive="nlm")
    x = torch.rand(2, 3, 24, 24)
    result = made.naive(x, torch.tensor([0.1, 0.3]))
    assert result.shape == x.shape
    assert (result[0] - x[0]).abs().mean() < (result[1] - x[1]).abs().mean()


@pytest.mark.parametrize(
    ("naive", "error", "says"),
    [
        ("skdncn", UnknownModel, "GradNet's naive block.*no model is named"),
        ("gradnet", InvalidSetting, "a way of its own"),
    ],
)
def test_a_naive_block_that_cannot_be_is_refused(naive, error, says):
    with pytest.raises(error, match=says):
        GradNet(**SMALL, naive=naive)


def test_bm3d_without_its_package_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NoModelInstalled) as caught:
        GradNet(**SMALL, naive="bm3d")
    assert "imgclean[baselines]" in caught.value.hint
