import numpy as np
import pytest
import torch

from imgclean.degradation.base import Levels
from imgclean.degradation.gaussian import draw_noise, draw_sigma
from imgclean.degradation.image import degrade_image
from imgclean.degradation.spec import Gaussian

SETS = ["bsd68", "cbsd68", "set12", "set5", "set14", "classic5", "live1"]


def test_drawn_noise_has_the_drawn_level_of_each_image():
    generator = torch.Generator().manual_seed(0)
    sigma = draw_sigma(Levels(10, 50), 4, generator)
    noise = draw_noise(torch.empty(4, 3, 100, 100), sigma, generator)
    assert sigma.min() >= 10 / 255
    assert sigma.max() <= 50 / 255
    torch.testing.assert_close(noise.std((1, 2, 3)), sigma, rtol=0.03, atol=0)


@pytest.mark.parametrize(("channels", "drawn"), [(1, (4, 5)), (3, (4, 5, 3))])
def test_the_noise_on_an_image_is_numpys_legacy_draw_neither_clipped_nor_rounded(channels, drawn):
    image = np.full((4, 5, channels), 250, np.uint8)
    degraded = degrade_image(image, Gaussian.at(50), seed=3)
    noise = np.random.RandomState(3).randn(*drawn).reshape(image.shape)
    np.testing.assert_array_equal(degraded.noisy, 250 / 255 + noise * (50 / 255))
    np.testing.assert_array_equal(degraded.clean, image)


@pytest.mark.parametrize("name", SETS)
def test_sigma_25_measures_20_17_decibels_on_every_set(name, read_set):
    psnrs = []
    for image in read_set(name):
        noise = degrade_image(image, Gaussian.at(25), seed=0).noisy - image / 255
        psnrs.append(-10 * np.log10(np.mean(noise**2)))
    # one seed draws the same for all images of a size: 0.02 dB is one deviation of 256x256
    assert np.mean(psnrs) == pytest.approx(20.17, abs=0.04)
