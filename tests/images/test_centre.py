import numpy as np
import pytest

from imgclean.images.centre import central_square


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [((7, 8, 1), (1, 6), (1, 6)), ((5, 5, 1), (0, 5), (0, 5)), ((3, 10, 1), (0, 3), (2, 7))],
)
def test_the_middle_of_an_image_is_kept_as_far_as_there_is_one(shape, rows, columns):
    image = np.arange(np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(central_square(image, 5), image[slice(*rows), slice(*columns)])
