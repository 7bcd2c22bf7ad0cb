"""How speed, work and memory are measured."""

import numpy as np
import pytest
import torch
from imgclean_dncnn import DNCNN
from imgclean_dncnn.network import DnCNN
from material import noise_image

from imgclean.evaluation.bench_subject import precisions_to_measure
from imgclean.evaluation.multiplications import multiplications_per_pixel
from imgclean.evaluation.peak_memory import PeakMemory
from imgclean.evaluation.sample import noisy_photograph, sample_photographs
from imgclean.evaluation.speed import (
    MatrixProduct,
    medians_by_turns,
    milliseconds_per_megapixel,
    rate_of,
    seconds_of,
)
from imgclean.extension.model_info import Tiling

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("channels", "depth", "expected"),
    [
        (3, 20, 3 * 64 * 9 + 18 * 64 * 64 * 9 + 64 * 3 * 9),  # 667,008
        (1, 17, 1 * 64 * 9 + 15 * 64 * 64 * 9 + 64 * 1 * 9),
    ],
)
def test_the_multiplications_of_dncnn_are_those_of_its_convolutions(channels, depth, expected):
    network = DnCNN(channels, depth)
    assert multiplications_per_pixel(network, channels, Tiling(halo=depth)) == expected


def test_a_tile_is_a_multiple_of_the_alignment_and_the_noise_level_is_told():
    class Shrinking(torch.nn.Module):
        def forward(self, x, sigma):
            assert x.shape[2] % 48 == 0
            assert float(sigma) == 0.5
            return torch.nn.functional.conv2d(x, torch.ones(4, 1, 2, 2), stride=2)

    tiling = Tiling(halo=0, alignment=48)
    assert multiplications_per_pixel(Shrinking(), 1, tiling, 0.5) == 4


def test_what_takes_turns_has_medians_without_the_first_round():
    calls, rounds = [], []

    def measure(name, figures):
        def one():
            calls.append(name)
            return next(figures)

        return one

    medians = medians_by_turns(
        {
            "a": measure("a", iter([99.0, 1.0, 5.0, 2.0])),
            "b": measure("b", iter([0.0, 7.0, 7.0, 9.0])),
        },
        3,
        lambda: rounds.append(len(calls)),
    )
    assert medians == {"a": 2.0, "b": 7.0}
    assert calls == ["a", "b"] * 4
    assert rounds == [2, 4, 6, 8]


def test_without_a_warm_up_the_first_round_counts():
    figures = iter([4.0, 8.0])
    assert medians_by_turns({"a": lambda: next(figures)}, 2, warm_up=0) == {"a": 6.0}


def test_speed_is_that_of_a_megapixel_and_a_multiplication_is_two_operations():
    assert milliseconds_per_megapixel(0.5, 250_000) == 2000
    assert rate_of(1000, 1_000_000, 0.5) == 4


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_product_of_matrices_has_a_rate(precision):
    assert MatrixProduct(CPU, precision).rate() > 0.1
    assert seconds_of(lambda: None, CPU) < 0.1


def test_the_peak_is_seen_when_it_is_over():
    with PeakMemory(CPU) as peak:
        held = np.ones(200 << 17)  # 200 MiB
        torch.randn(1000, 1000) @ torch.randn(1000, 1000)
        del held
    assert 200 <= peak.mebibytes < 300


def test_only_what_is_safe_and_in_hardware_is_measured(monkeypatch):
    for has, expected in [(True, ("fp32", "bf16")), (False, ("fp32",))]:
        monkeypatch.setattr("imgclean.evaluation.bench_subject.has_bf16", lambda _, has=has: has)
        assert precisions_to_measure(DNCNN, CPU, "auto") == expected
        assert precisions_to_measure(DNCNN, CPU, "bf16") == ("bf16",)
        assert precisions_to_measure(DNCNN, CPU, "fp16") == ()


def test_the_sample_is_photographs_of_one_size():
    images = sample_photographs().images
    assert [(each.shape, each.dtype) for each in images] == [((256, 256, 3), np.uint8)] * 3


@pytest.mark.parametrize(("height", "width", "channels"), [(40, 600, 3), (1100, 30, 1)])
def test_a_photograph_fills_any_size(height, width, channels):
    image = noisy_photograph(height, width, channels, sigma=25)
    assert image.shape == (height, width, channels)
    assert image.dtype == np.uint8
    assert image.std() < noise_image().std()
