"""tifffile's own note on the sides of an array follows the planes that are left of it."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from imgclean.images.page_choice import parse_page_choice
from imgclean.images.tiff.stack_axes import read_axes, select_in_description
from imgclean.inference.image_rules import ImageRules


@pytest.mark.parametrize(
    ("before", "planes", "after"),
    [
        ("shape=(2,3,10,10)", 2, "shape=(1,3,10,10)"),
        ("shape=(6,1,10,12)", 6, "shape=(1,10,12)"),
        ('{"shape": [2, 3, 10, 10]}', 2, '{"shape": [1, 3, 10, 10]}'),
        ('{"shape": [2, 10, 10, 3]}', 2, '{"shape": [1, 10, 10, 3]}'),
        ('{"shape": [5, 4, 9, 3]}', 20, '{"shape": [1, 9, 3]}'),
        ('{"shape": [5, 9, 8], "axes": "TYX", "a": 1}', 5, '{"shape": [1, 9, 8], "a": 1}'),
        ('{"shape": "two"}', 2, '{"shape": "two"}'),
        ("shape of things", 2, "shape of things"),
    ],
)
def test_the_sides_are_those_of_the_planes_that_stay(before, planes, after):
    assert select_in_description(before, read_axes(before, planes), [1]) == after


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_choice_of_colour_pages_is_read_by_tifffile(planar, tmp_path, clean_unchanged):
    data = np.arange(4 * 10 * 12 * 3, dtype=np.uint16).reshape(4, 10, 12, 3)
    stored = np.moveaxis(data, 3, 1) if planar == "separate" else data
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar)
    images = ImageRules(provenance=False, pages=parse_page_choice("2-3", "--pages"))
    clean_unchanged(tmp_path / "a.tif", output=tmp_path / "b.tif", images=images)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), stored[1:3])
