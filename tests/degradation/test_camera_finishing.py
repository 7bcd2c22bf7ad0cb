"""A camera smooths and sharpens, and changes nothing where it does neither."""

import pytest
import torch
from camera_material import planes, seeded

from imgclean.degradation.camera.finishing import sharpen, smooth
from imgclean.degradation.camera.jpeg_transform import ycc_from_rgb

SIZE = 48


def smoothed(image, chroma, noise):
    count = len(image)
    return smooth(image, torch.full((count,), chroma), torch.full((count,), noise), guide=image)


def noisy(image, deviation, channels=1):
    noise = torch.randn(1, channels, SIZE, SIZE, generator=seeded())
    return image + deviation * noise


def edge():
    image = torch.full((1, 3, SIZE, SIZE), 0.2)
    image[..., SIZE // 2 :] = 0.8
    return image


def test_neither_smoothing_nor_sharpening_leaves_the_image_as_it_is(colour):
    image = planes(colour)
    torch.testing.assert_close(smoothed(image, 0.0, 0.0), image, rtol=0, atol=1e-6)
    torch.testing.assert_close(sharpen(image, torch.zeros(1)), image, rtol=0, atol=1e-7)


def test_gray_stays_gray(gray):
    image = planes(gray).expand(-1, 3, -1, -1)
    for found in (smoothed(image, 3.0, 0.05), sharpen(image, torch.ones(1))):
        torch.testing.assert_close(found, found.mean(1, keepdim=True).expand_as(found))


def test_weak_detail_is_lost_and_a_strong_edge_is_kept():
    flat = torch.full((1, 3, SIZE, SIZE), 0.5)
    weak = noisy(flat, 0.02)
    assert smoothed(weak, 0.0, 0.03).std() < 0.5 * weak.std()
    torch.testing.assert_close(smoothed(weak, 0.0, 0.0).std(), weak.std())
    torch.testing.assert_close(smoothed(edge(), 0.0, 0.03), edge(), rtol=0, atol=0.03)


def test_colours_are_smoothed_and_luma_is_not():
    speckled = noisy(torch.full((1, 3, SIZE, SIZE), 0.5), 0.05, channels=3)
    before, after = ycc_from_rgb(speckled), ycc_from_rgb(smoothed(speckled, 2.0, 0.0))
    torch.testing.assert_close(after[:, :1], before[:, :1], rtol=0, atol=1e-6)
    assert after[:, 1:].std() < 0.3 * before[:, 1:].std()


@pytest.mark.parametrize("amount", [0.4, 0.8])
def test_sharpening_raises_an_edge_by_its_amount_and_moves_nothing(amount):
    rise = edge() - sharpen(edge(), torch.zeros(1))
    assert rise.abs().max() < 1e-6
    sharp = sharpen(edge(), torch.tensor([amount]))
    middle = SIZE // 2
    # a Gaussian of one pixel leaves 0.3 of the step half a pixel from it
    overshoot = amount * 0.6 * 0.3009
    assert (sharp[..., middle] - 0.8).mean() == pytest.approx(overshoot, rel=0.02)
    assert (0.2 - sharp[..., middle - 1]).mean() == pytest.approx(overshoot, rel=0.02)
    torch.testing.assert_close(sharp[..., :12], edge()[..., :12], rtol=0, atol=1e-6)
