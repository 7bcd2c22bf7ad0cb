import math

import numpy as np
import pytest

from imgclean.degradation.bicubic import imresize, resize_matrix
from imgclean.degradation.image import degrade_image
from imgclean.degradation.spec import Bicubic

LUMA = np.array([65.481, 128.553, 24.966]) / 255


def weight(x):
    """Keys' cubic with a = -1/2, in the form of his equation 15."""
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def resize_line(line, scale):
    """MATLAB's documented algorithm, output by output and pixel by pixel."""
    widened = min(scale, 1)
    resized = []
    for output in range(math.ceil(len(line) * scale)):
        middle = (output + 0.5) / scale - 0.5
        total = share = 0.0
        for pixel in range(math.floor(middle - 2 / widened), math.ceil(middle + 2 / widened) + 1):
            inside = pixel
            while not 0 <= inside < len(line):
                inside = -1 - inside if inside < 0 else 2 * len(line) - 1 - inside
            total += line[inside] * weight((middle - pixel) * widened)
            share += weight((middle - pixel) * widened)
        resized.append(total / share)
    return np.array(resized)


@pytest.mark.parametrize(
    ("line", "scale", "expected"),
    [
        ([0, 0, 0, 100, 100, 100, 200, 200], 1 / 2, [-75 / 16, 3125 / 64, 7125 / 64, 6225 / 32]),
        ([0, 0, 0, 90, 90, 90], 1 / 3, [50 / 9, 760 / 9]),
        ([0, 100, 100], 2, [-75 / 8, 325 / 16, 1275 / 16, 3425 / 32, 3275 / 32, 100]),
    ],
)
def test_a_line_is_resized_as_computed_by_hand(line, scale, expected):
    matrix = resize_matrix(len(line), len(expected), scale)
    np.testing.assert_allclose(matrix @ line, expected, atol=1e-12)


@pytest.mark.parametrize("scale", [1 / 4, 1 / 3, 1 / 2, 2, 3, 4])
@pytest.mark.parametrize("shape", [(12, 24), (4, 3)])
def test_an_image_is_resized_as_matlab_documents_it(scale, shape):
    image = np.random.RandomState(0).rand(*shape)
    rows = np.stack([resize_line(column, scale) for column in image.T], axis=1)
    both = np.stack([resize_line(row, scale) for row in rows])
    np.testing.assert_allclose(imresize(image[..., None], scale)[..., 0], both, atol=1e-12)


def test_the_image_is_cropped_to_whole_pixels_of_the_small_one(colour):
    degraded = degrade_image(colour[:31, :32], Bicubic(3), seed=0)
    np.testing.assert_array_equal(degraded.clean, colour[:30, :30])
    assert degraded.noisy.shape == (30, 30, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_small_image_is_rounded_to_the_depth_of_the_input(dtype, gray):
    white = np.iinfo(dtype).max
    image = (gray.astype(dtype) * (white // 255))[:32, :32]
    degraded = degrade_image(image, Bicubic(2), seed=0)
    small = imresize(image.astype(float), 0.5)
    rounded = np.floor(small.clip(0, white) + 0.5)
    np.testing.assert_allclose(degraded.noisy * white, imresize(rounded, 2), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("set5", (33.66, 30.39, 28.42)), ("set14", (30.24, 27.55, 26.00))],
)
def test_the_fields_bicubic_figures_come_out(name, expected, read_set):
    """8-bit Y, resized in double, the result rounded: VDSR's and DnCNN's way to their tables."""
    images = [each if each.shape[2] == 1 else np.rint(each @ LUMA + 16) for each in read_set(name)]
    for scale, figure in zip((2, 3, 4), expected, strict=True):
        psnrs = []
        for image in images:
            luma = image.reshape(*image.shape[:2], 1).astype(float)
            luma = luma[: len(luma) // scale * scale, : luma.shape[1] // scale * scale]
            enlarged = np.rint(imresize(imresize(luma, 1 / scale), scale).clip(0, 255))
            error = (enlarged - luma)[scale:-scale, scale:-scale]
            psnrs.append(10 * np.log10(255**2 / np.mean(error**2)))
        assert np.mean(psnrs) == pytest.approx(figure, abs=0.01)
