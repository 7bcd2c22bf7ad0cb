import numpy as np

import imgclean


def test_single_black_and_white_pixels_vanish():
    image = np.full((20, 30, 3), 100, np.uint8)
    image[5, 7], image[12, 20] = 0, 255
    assert (imgclean.denoise(image, model="median") == 100).all()
