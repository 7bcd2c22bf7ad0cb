from pathlib import Path

import numpy as np
import pytest

import imgclean
from imgclean.images.collection import CleanImages

TEST_SETS = Path(imgclean.__file__).parents[2] / "shared" / "data" / "test"


class Unchanged:
    """Returns what it gets."""

    name = weights = "unchanged"

    def restore(self, planes, dtype, truth=None):
        return planes


@pytest.fixture
def unchanged():
    return Unchanged()


@pytest.fixture
def waves():
    """A set of two smooth colour images."""
    y, x = np.mgrid[0:50, 0:61]
    images = [
        np.stack([np.sin((x + k * y) / (4 + n)) * 90 + 120 for k in range(3)], 2) for n in (0, 3)
    ]
    return CleanImages("waves", ("0.png", "1.png"), tuple(each.astype(np.uint8) for each in images))


@pytest.fixture
def shared_set():
    """Return the folder of a test set that is no part of the project."""

    def folder(name):
        if not (TEST_SETS / name).is_dir():
            pytest.skip(f"there is no {TEST_SETS / name}")
        return TEST_SETS / name

    return folder
