from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from imgclean_dncnn import DNCNN
from material import config_of

from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.results import as_results, measure_levels
from imgclean.events import ignore
from imgclean.images.luminance import gray_from_rgb
from imgclean.weightsets.catalogue import WeightSet


@pytest.fixture
def blind_gray(unchanged):
    """A restorer that returns its input and says that it is a blind DnCNN for gray images."""
    weights = WeightSet(config_of(channels=1), Path("mine"))
    unchanged.denoiser = SimpleNamespace(info=DNCNN, weights=weights)
    return unchanged


@pytest.fixture
def bsd68(waves):
    return replace(waves, title="bsd68", images=tuple(map(gray_from_rgb, waves.images)))


LEVELS = [parse_degradation(each) for each in ("gaussian:25", "gaussian:35")]


def test_the_results_of_a_set_hold_the_papers_figure_where_it_has_one(bsd68, blind_gray):
    lines = measure_levels(bsd68, LEVELS, blind_gray, emit=ignore, whole=True)
    first, second = as_results(lines)
    assert (first.degradation, first.published_psnr) == ("gaussian:25", 29.16)
    assert (second.degradation, second.published_psnr) == ("gaussian:35", None)
    assert first.psnr == pytest.approx(first.input_psnr, abs=0.5)


def test_a_part_of_a_set_is_not_compared_with_the_paper(bsd68, blind_gray):
    lines = measure_levels(bsd68, LEVELS, blind_gray, emit=ignore, whole=False)
    assert [each.published_psnr for each in as_results(lines)] == [None, None]


def test_colour_images_are_gray_to_a_gray_set(waves, blind_gray):
    shapes = set()
    blind_gray.restore = lambda planes, *_: shapes.add(planes.shape[0]) or planes
    measure_levels(waves, LEVELS[:1], blind_gray, emit=ignore, whole=True)
    assert shapes == {1}
