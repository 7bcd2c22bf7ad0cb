import numpy as np
import pytest
import torch

from imgclean.degradation.gaussian import draw_noise, draw_sigma, protocol_noise
from imgclean.degradation.spec import parse_degradation
from imgclean.errors import InvalidSetting


@pytest.mark.parametrize("text", ["gaussian:25", "gaussian:0-55", "gaussian:2.5"])
def test_a_spec_reads_back_as_it_was_written(text):
    assert str(parse_degradation(text)) == text


@pytest.mark.parametrize("text", ["gaussian", "gaussian:-5", "gaussian:30-20", "gaussian:300", "x"])
def test_what_is_no_spec_is_refused_with_an_example(text):
    with pytest.raises(InvalidSetting) as caught:
        parse_degradation(text)
    assert "gaussian:25" in caught.value.hint


def test_a_known_level_holds_within_ten_per_cent_and_a_range_holds_its_ends():
    assert parse_degradation("gaussian:25").contains(27)
    assert not parse_degradation("gaussian:25").contains(29)
    assert parse_degradation("gaussian:0-55").contains(55)
    assert not parse_degradation("gaussian:0-55").contains(56)


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
