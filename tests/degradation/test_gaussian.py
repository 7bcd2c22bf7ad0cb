import numpy as np
import pytest
import torch

from imgclean.degradation.gaussian import draw_noise, draw_sigma, protocol_noise
from imgclean.degradation.parsing import parse_degradation


def test_drawn_noise_has_the_drawn_level_of_each_image():
    generator = torch.Generator().manual_seed(0)
    sigma = draw_sigma(parse_degradation("gaussian:10-50"), 4, generator)
    noise = draw_noise(torch.Size((4, 3, 100, 100)), sigma, generator)
    assert sigma.min() >= 10 / 255
    assert sigma.max() <= 50 / 255
    torch.testing.assert_close(noise.std((1, 2, 3)), sigma, rtol=0.03, atol=0)


def test_protocol_noise_is_numpys_legacy_draw():
    expected = np.random.RandomState(0).randn(4, 5)
    np.testing.assert_array_equal(protocol_noise(4, 5, 1, 0)[..., 0], expected)
    assert protocol_noise(4, 5, 3, 0)[0, 0, 0] == pytest.approx(1.764052345967664)
