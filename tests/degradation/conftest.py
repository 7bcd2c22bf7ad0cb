"""Images to degrade."""

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from skimage.data import astronaut

SHARED = Path(__file__).parents[3] / "shared" / "data" / "test"


@pytest.fixture(scope="session")
def colour():
    """uint8[192, 224, 3] with edges and texture."""
    return np.ascontiguousarray(astronaut()[40:232, 140:364])


@pytest.fixture(scope="session")
def gray(colour):
    """uint8[192, 224, 1]."""
    return np.ascontiguousarray(colour[..., 1:2])


@pytest.fixture(scope="session")
def read_set():
    """Return the images of a set of the field, uint8[H, W, C]; skip where it is absent."""

    def read(name):
        files = sorted((SHARED / name).glob("*"))
        if not files:
            pytest.skip(f"{SHARED / name} is not here")
        images = [iio.imread(file) for file in files]
        return [each[..., None] if each.ndim == 2 else each[..., :3] for each in images]

    return read
