from __future__ import annotations

import numpy as np
import pytest

from imgclean.images.picture import Picture, Resolution


@pytest.mark.parametrize(("channels", "alpha"), [(1, False), (2, True), (3, False), (4, True)])
def test_colour_excludes_alpha_and_comes_back_beside_it(channels: int, alpha: bool) -> None:
    samples = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    picture = Picture(samples, alpha, "png")
    assert (picture.width, picture.height) == (7, 5)
    assert picture.channels == picture.colour.shape[2] == channels - alpha
    clean = picture.with_colour(255 - picture.colour)
    np.testing.assert_array_equal(clean.colour, 255 - picture.colour)
    if alpha:
        np.testing.assert_array_equal(clean.samples[:, :, -1], samples[:, :, -1])


def test_colour_of_another_shape_or_type_is_refused() -> None:
    picture = Picture(np.zeros((5, 7, 4), np.uint8), alpha=True, format="png")
    with pytest.raises(ValueError, match="in place of"):
        picture.with_colour(np.zeros((5, 7, 1), np.uint8))
    with pytest.raises(ValueError, match="in place of"):
        picture.with_colour(np.zeros((5, 7, 3), np.uint16))


def test_samples_that_contradict_alpha_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha=True"):
        Picture(np.zeros((5, 7, 3), np.uint8), alpha=True, format="png")


def test_resolution_converts_between_units() -> None:
    assert Resolution(300, 150, "inch").per("centimetre") == pytest.approx((118.110, 59.055), 1e-5)
    assert Resolution(11811, 11811, "metre").per("inch") == pytest.approx((300, 300), 1e-4)
