"""JPEG's losses without its files are libjpeg's, pixel by pixel."""

import imagecodecs
import numpy as np
import pytest
import torch
from camera_material import planes

from imgclean.degradation.camera.jpeg_transform import (
    jpeg_losses,
    rgb_from_ycc,
    ycc_from_rgb,
)

PICTURES = ["as it is", "saturated"]


def picture(name, colour):
    if name == "saturated":  # most samples are 0 or 255
        return ((colour.astype(float) - 128) * 4 + 128).clip(0, 255).astype(np.uint8)
    return colour


def libjpegs(pixels, quality, halved):
    data = imagecodecs.jpeg8_encode(pixels, quality, subsampling="420" if halved else "444")
    return imagecodecs.jpeg8_decode(data).astype(int)


def ours(image, qualities, halved):
    losses = jpeg_losses(image, torch.tensor(qualities), torch.tensor(halved))
    levels = losses * 255
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)
    return levels.round().permute(0, 2, 3, 1).numpy().astype(int)


def psnr(one, other):
    return 10 * np.log10(255**2 / np.mean((one - other) ** 2.0))


@pytest.mark.parametrize("halved", [False, True])
@pytest.mark.parametrize("quality", [30, 70, 80, 90, 95, 100])
@pytest.mark.parametrize("name", PICTURES)
def test_nearly_every_pixel_is_what_libjpeg_shows(name, quality, halved, colour):
    pixels = picture(name, colour)
    expected = libjpegs(pixels, quality, halved)
    found = ours(planes(pixels), [float(quality)], [halved])[0]
    difference = np.abs(found - expected)
    assert (difference == 0).mean() > 0.97
    assert (difference <= 1).mean() > 0.995
    assert psnr(found, expected) > max(55, psnr(expected, pixels) + 10)


def test_each_row_has_its_own_quality_and_subsampling(colour):
    rows = planes(colour[:64, :64]).repeat(3, 1, 1, 1)
    qualities, halved = [70.0, 95.0, 70.0], [True, False, False]
    together = ours(rows, qualities, halved)
    for row in range(3):
        alone = ours(rows[:1], qualities[row : row + 1], halved[row : row + 1])[0]
        assert np.abs(together[row] - alone).max() <= 1
    assert len({each.tobytes() for each in together}) == 3


def test_gray_stays_gray(gray):
    found = ours(planes(gray).expand(-1, 3, -1, -1), [70.0], [True])[0]
    assert (found == found[..., :1]).all()


def test_colours_come_back_from_luma_and_chroma():
    image = torch.rand(2, 3, 4, 5)
    ycc = ycc_from_rgb(image)
    torch.testing.assert_close(rgb_from_ycc(ycc), image, rtol=0, atol=1e-6)
    red, white = torch.tensor([[1.0, 0, 0], [1, 1, 1]]).view(2, 3, 1, 1).split(1)
    expected = torch.tensor([0.299, -0.299 / 1.772, 0.5]).view(1, 3, 1, 1)  # T.871
    torch.testing.assert_close(ycc_from_rgb(red), expected, rtol=0, atol=1e-6)
    expected = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    torch.testing.assert_close(ycc_from_rgb(white), expected, rtol=0, atol=1e-6)
