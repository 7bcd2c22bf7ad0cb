import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import gaussian_filter
from skimage.measure import blur_effect

from imgclean.evaluation.metrics import blur, psnr, ssim


def test_psnr_of_a_known_error():
    clean = np.full((8, 8, 1), 100, np.uint8)
    assert psnr(clean, clean + 10) == pytest.approx(20 * math.log10(25.5))
    assert psnr(clean, clean) == math.inf


def test_psnr_does_not_wrap_around_in_eight_bits():
    assert psnr(np.zeros((4, 4, 1), np.uint8), np.full((4, 4, 1), 255, np.uint8)) == 0


def test_ssim_is_wangs():
    """Against the definition, evaluated here by plain loops over the valid windows."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (20, 17, 1), np.uint8)
    y = np.clip(x + random.normal(0, 20, x.shape), 0, 255)
    offsets = np.arange(-5, 6)
    kernel = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(kernel, kernel)
    window /= window.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for i in range(20 - 10):
        for j in range(17 - 10):
            a = x[i : i + 11, j : j + 11, 0].astype(float)
            b = y[i : i + 11, j : j + 11, 0]
            ma, mb = (window * a).sum(), (window * b).sum()
            va, vb = (window * a * a).sum() - ma**2, (window * b * b).sum() - mb**2
            vab = (window * a * b).sum() - ma * mb
            luminance = (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
            values.append(luminance * (2 * vab + c2) / (va + vb + c2))
    assert ssim(x, y) == pytest.approx(np.mean(values), abs=1e-9)


def test_ssim_of_equal_images_is_one():
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    assert ssim(image, image) == pytest.approx(1)


IMAGES = arrays.arrays(
    np.uint8, st.tuples(st.integers(4, 24), st.integers(4, 24), st.sampled_from([1, 3]))
)


def noise(channels):
    return np.random.default_rng(0).integers(0, 256, (48, 40, channels), np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_blur_rises_with_gaussian_smoothing(channels):
    image = noise(channels).astype(float)
    smoothed = [gaussian_filter(image, (sigma, sigma, 0)) for sigma in (0, 0.5, 1, 2, 4)]
    values = [blur(each) for each in smoothed]
    assert values == sorted(set(values))
    assert values[0] < 0.3
    assert values[-1] > 0.6


def test_blur_is_scikit_images_of_eight_bits():
    assert blur(noise(3)) == pytest.approx(blur_effect(noise(3), channel_axis=2), abs=1e-9)
    assert blur(noise(1)) == pytest.approx(blur_effect(noise(1)[:, :, 0]), abs=1e-9)


@given(IMAGES)
def test_blur_is_between_none_and_most_and_no_direction_comes_first(image):
    value = blur(image)
    assert 0 <= value <= 1
    assert blur(image.transpose(1, 0, 2)) == pytest.approx(value, abs=1e-9)


def test_a_flat_image_is_all_blur():
    assert blur(np.full((16, 16, 3), 90, np.uint8)) == 1
