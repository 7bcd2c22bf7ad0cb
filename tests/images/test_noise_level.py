"""An image's own noise, estimated from nothing but the image."""

import math

import numpy as np
import pytest
from skimage.data import astronaut
from skimage.restoration import estimate_sigma as by_skimage
from training_pictures import waves

from imgclean.images.noise_level import estimate_psnr, estimate_sigma


def noisy(image, sigma, top=255):
    random = np.random.default_rng(1)
    found = image.astype(float) + random.normal(0, sigma, image.shape)
    return np.rint(found.clip(0, top)).astype(np.uint8 if top == 255 else np.uint16)


@pytest.mark.parametrize("sigma", [3, 4, 10, 25])
def test_the_noise_that_was_added_to_a_smooth_picture_is_found(sigma):
    image = noisy(waves(0, 200, 240), sigma)
    assert estimate_sigma(image) * 255 == pytest.approx(sigma, rel=0.06)
    assert estimate_psnr(image) == pytest.approx(20 * math.log10(255 / sigma), abs=0.6)


def test_a_photograph_has_what_scikit_image_finds_in_it():
    image = astronaut()
    each = by_skimage(image, channel_axis=2)
    expected = math.sqrt(np.mean(np.square(each))) / 255
    assert estimate_sigma(image) == pytest.approx(expected, rel=0.1)


def test_sixteen_bits_and_gray_are_in_the_same_units():
    deep = noisy(np.full((150, 150, 1), 30000), 1000, top=65535)
    assert estimate_sigma(deep) == pytest.approx(1000 / 65535, rel=0.05)


def test_what_is_clipped_or_flat_does_not_count():
    image = noisy(np.full((120, 120, 3), 128), 8)
    image[:90] = 255
    assert estimate_sigma(image) * 255 == pytest.approx(8, rel=0.1)
    flat = np.full((8, 8, 3), 77, np.uint8)
    assert estimate_sigma(flat) == 0
    assert estimate_psnr(flat) == math.inf
