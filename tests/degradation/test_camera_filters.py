"""Gaussian filters and resampling, each row at a width of its own."""

import numpy as np
import pytest
import torch
from camera_material import seeded
from scipy.ndimage import gaussian_filter

from imgclean.degradation.bicubic import imresize
from imgclean.degradation.camera import filters
from imgclean.degradation.camera.filters import blur_reach, gaussian_blur, resample


def noise(*shape):
    return torch.rand(*shape, generator=seeded())


def test_each_row_is_blurred_as_scipy_does_it_and_mirrored_at_the_border():
    image = noise(3, 2, 20, 24)
    blurred = gaussian_blur(image, torch.tensor([0.4, 1.0, 1.5]), 1.5)
    for row, sigma in enumerate((0.4, 1.0, 1.5)):
        for channel in range(2):
            expected = gaussian_filter(
                image[row, channel].numpy(), sigma, mode="mirror", radius=blur_reach(1.5)
            )
            np.testing.assert_allclose(blurred[row, channel], expected, atol=1e-6)


def test_no_width_is_no_filter():
    image = noise(2, 3, 12, 12)
    blurred = gaussian_blur(image, torch.tensor([0.0, 1.0]), 1.0)
    torch.testing.assert_close(blurred[0], image[0], rtol=0, atol=1e-7)
    assert (blurred[1] - image[1]).abs().max() > 0.1


def test_at_one_pixel_for_one_the_middle_is_taken_as_it_is():
    image = noise(1, 3, 20, 24)
    same = resample(image, torch.ones(1), (20, 24))
    torch.testing.assert_close(same, image, rtol=0, atol=1e-6)
    inner = resample(image, torch.ones(1), (12, 10))
    torch.testing.assert_close(inner, image[..., 4:-4, 7:-7], rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.25, 1.5])
def test_inside_it_is_matlabs_imresize(scale):
    image = noise(1, 1, 32, 40)
    size = round(32 * scale), round(40 * scale)
    expected = imresize(image[0, 0, :, :, None].double().numpy(), scale)[..., 0]
    found = resample(image, torch.tensor([scale]), size)[0, 0].numpy()
    inside = np.s_[6:-6, 6:-6]
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-5)


def test_each_row_has_its_own_scale_and_the_border_goes_on_beyond_it():
    image = noise(2, 1, 16, 16)
    large = resample(image, torch.tensor([0.5, 1.0]), (24, 24))
    torch.testing.assert_close(large[1, :, 4:-4, 4:-4], image[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(large[1, :, 0, 4:-4], image[1, :, 0], rtol=0, atol=1e-6)
    alone = resample(image[:1], torch.tensor([0.5]), (24, 24))
    torch.testing.assert_close(large[:1], alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [0.67, 0.9, 1.33])
def test_a_smooth_image_comes_back_where_it_was(scale):
    down, across = torch.meshgrid(torch.arange(40.0), torch.arange(48.0), indexing="ij")
    image = (0.5 + 0.2 * torch.sin(down / 4) + 0.2 * torch.cos(across / 5))[None, None]
    factor = torch.tensor([scale])
    there = resample(image, factor, (64, 64))
    back = resample(there, 1 / factor, (40, 48))
    inside = np.s_[..., 6:-6, 6:-6]
    assert (back - image)[inside].abs().max() < 0.006


@pytest.mark.parametrize("size", [(90, 61), (41, 130)])
def test_a_large_image_is_resampled_in_parts_as_it_would_be_at_once(size, monkeypatch):
    image = noise(2, 3, 57, 75)
    scale = torch.tensor([0.67, 1.5])
    whole = resample(image, scale, size)
    monkeypatch.setattr(filters, "_AT_ONCE", 16)
    torch.testing.assert_close(resample(image, scale, size), whole, atol=1e-6, rtol=0)
