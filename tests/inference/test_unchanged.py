"""When a file is copied because nothing is done to its image."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from imgclean.errors import UnreadableImage
from imgclean.extension.requests import Window
from imgclean.images.page_choice import parse_page_choice
from imgclean.images.rasters import ArrayRaster
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.jobs import STREAM, FileRules, Job
from imgclean.inference.journal import sha256_of
from imgclean.inference.source import Finished, Source
from imgclean.inference.strength_choice import StrengthChoice
from imgclean.inference.treatment import Tool
from imgclean.inference.unchanged import is_same_file, original_of


@pytest.mark.parametrize(
    ("own", "written", "rules", "images", "same"),
    [
        ("jpeg", None, {}, {}, True),
        ("jpeg", "jpeg", {}, {"provenance": False, "again": True}, True),
        ("jpeg", "png", {}, {}, False),
        ("gif", None, {}, {}, False),
        ("jpeg", None, {"quality": 90}, {}, False),
        ("jpeg", None, {"least_quality": 95}, {}, True),
        ("tiff", None, {}, {"pages": parse_page_choice("1", "--pages")}, False),
        ("tiff", None, {}, {"channels": parse_page_choice("1", "--channels")}, False),
        ("tiff", None, {}, {"crop": Window(0, 0, 9, 9)}, False),
        ("tiff", None, {}, {"multiple": 2}, False),
        ("tiff", None, {}, {"strip_metadata": True}, False),
    ],
)
def test_a_file_is_the_same_unless_another_one_is_asked_for(own, written, rules, images, same):
    job = Job(Path("a"), Path("b"), written, None)
    assert is_same_file(job, own, FileRules(**rules), ImageRules(**images)) is same


def even(sigma):
    values = np.random.default_rng(0).normal(0.5, sigma / 255, (3, 120, 120))
    return ArrayRaster(values.astype(np.float32))


def tool(strength, scale=1, **given):
    denoiser = SimpleNamespace(settings=SimpleNamespace(scale=scale))
    return Tool(lambda *_: None, denoiser, StrengthChoice(strength), **given)


def test_an_image_is_left_as_it_is_with_nothing_of_the_change_or_without_chroma():
    assert tool(0.0).leaves_it
    assert not tool(0.1).leaves_it
    assert tool(1.0, without_chroma=True).leaves_it
    assert not Tool(lambda *_: None, None).leaves_it


def test_an_enlarged_image_is_never_left_as_it_is():
    assert not tool(0.0, scale=2).leaves_it


def test_an_automatic_strength_tells_once_it_has_seen_the_image():
    for sigma, left in ((0, True), (10, False)):
        made = tool("auto")
        assert not made.leaves_it
        made.strength.of(even(sigma))
        assert made.leaves_it is left


def test_the_content_is_read_anew_and_compared(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"as it was")

    def source(job, original=b""):
        return Source(job, Finished(), sha256_of(b"as it was"), (), None, 0, original)

    job = Job(path, tmp_path / "b.jpg", None, None)
    assert original_of(source(job)) == b"as it was"
    assert original_of(source(Job(STREAM, STREAM, None, None), b"as it was")) == b"as it was"
    path.write_bytes(b"edited")
    with pytest.raises(UnreadableImage, match=r"a\.jpg: was changed while it was read") as caught:
        original_of(source(job))
    assert caught.value.hint
