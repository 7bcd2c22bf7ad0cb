"""The first image of a file is opened to look at it."""

import numpy as np
import pytest
import tifffile

from imgclean.errors import UnreadableImage
from imgclean.extension.loader import load_plugins
from imgclean.images.noise.estimate import estimate_noise
from imgclean.images.pixels import sample_range
from imgclean.images.tiff import stack
from imgclean.images.tiff.plane import TiffPlane
from imgclean.inference.first_image import open_first_image
from imgclean.inference.inspection import Inspector


@pytest.fixture
def large(tmp_path):
    """A TIFF plane that is streamed, and what was read of it."""
    image = np.random.default_rng(0).normal(30_000, 2000, (2000, 2500, 1)).astype(np.uint16)
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, image[..., 0], tile=(256, 256), compression="zlib")
    return path, image


def test_a_large_tiff_is_read_in_parts_whatever_its_size(large, monkeypatch):
    path, image = large
    monkeypatch.setattr(stack, "LARGEST_AT_ONCE", 1 << 20)
    read = []

    def counted(plane, window, read_part=TiffPlane.read):
        read.append(window.width * window.height)
        return read_part(plane, window)

    monkeypatch.setattr(TiffPlane, "read", counted)
    found = Inspector(load_plugins(), max_pixels=1000).inspect(path)
    assert (found.facts.width, found.facts.height, found.pages) == (2500, 2000, 1)
    assert found.noise == estimate_noise(image, sample_range(image))
    assert sum(read) < image.size / 3


def test_a_tiff_that_is_damaged_where_it_is_read_is_named(large, monkeypatch):
    path, _ = large
    monkeypatch.setattr(stack, "LARGEST_AT_ONCE", 1 << 20)
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        offset, count = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    content[offset : offset + count] = bytes(count)
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=r"large\.tif"):
        Inspector(load_plugins()).inspect(path)


def test_the_range_of_a_float_stack_is_that_of_its_first_page(tmp_path):
    pages = np.random.default_rng(0).normal(0.5, 0.04, (2, 64, 64)).astype(np.float32)
    pages[1] *= 1000
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    with open_first_image(tmp_path / "a.tif", 10**6) as image:
        assert image.raster.span.is_unit
        assert image.pages == 2
