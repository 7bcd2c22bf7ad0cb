"""The image gradient is Sobel's, and can be differentiated where an image is flat."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate

from imgclean.gradient import gradient_magnitude, sobel


def test_the_components_are_scipys_with_a_reflected_border():
    images = torch.rand(2, 3, 7, 7)
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    for found, each in zip(sobel(images), (kernel, kernel.T), strict=True):
        right = correlate(images.numpy(), each[None, None], mode="mirror")
        np.testing.assert_allclose(found.numpy(), right, atol=1e-6)


def test_the_magnitude_is_as_computed_by_hand():
    image = torch.tensor([[[[0.0, 0.2, 0.9], [0.1, 0.4, 0.3], [0.6, 0.5, 1.0]]]])
    across = (0.9 - 0.0) + 2 * (0.3 - 0.1) + (1.0 - 0.6)
    down = (0.6 - 0.0) + 2 * (0.5 - 0.2) + (1.0 - 0.9)
    found = gradient_magnitude(image)[0, 0]
    assert found[1, 1] == pytest.approx((across**2 + down**2) ** 0.5)
    assert found[0, 0] == pytest.approx(0, abs=2e-6)  # rows and columns are mirrored there
    assert found[0, 1] == pytest.approx(2 * (0.9 - 0.0) + 2 * (0.3 - 0.1), abs=1e-6)


def test_a_step_from_black_to_white_has_the_magnitude_4():
    image = torch.zeros(1, 1, 6, 8)
    image[..., 4:] = 1
    rows = gradient_magnitude(image)[0, 0]
    torch.testing.assert_close(rows[:, 3:5], torch.full((6, 2), 4.0))
    assert rows[:, :3].max() < 1e-5


def test_the_slope_is_finite_where_an_image_is_constant_and_right_elsewhere():
    flat = torch.full((1, 3, 5, 5), 0.5, requires_grad=True)
    gradient_magnitude(flat).sum().backward()
    assert torch.isfinite(flat.grad).all()
    image = torch.rand(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gradient_magnitude, image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1)])
def test_an_image_of_one_row_or_column_has_no_edge_across_it(shape):
    image = torch.arange(float(max(shape))).reshape(1, 1, *shape)
    horizontal, vertical = sobel(image)
    assert (horizontal if shape[1] == 1 else vertical).abs().max() == 0
    assert (horizontal + vertical)[0, 0].flatten()[1:-1].tolist() == [8.0] * max(0, max(shape) - 2)
