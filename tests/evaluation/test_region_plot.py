"""The plot of two models in textured and in smooth regions."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgclean.errors import InputNotFound, InvalidSetting, OutputExists, SetupError
from imgclean.evaluation.region_plot import require_plot, write_plot
from imgclean.evaluation.regions import THRESHOLDS
from imgclean.events import EvaluatedRegions

RED, BLUE = (214, 39, 40), (31, 119, 180)
"""matplotlib's own, as the plot has them: textured, smooth."""


@pytest.fixture
def target(tmp_path):
    return tmp_path / "regions.png"


def lines_of(weights, *, textured=28.0, smooth=33.0, title="bsd68"):
    return [
        EvaluatedRegions(
            set=title,
            degradation="gaussian:25",
            model="dncnn",
            weights=weights,
            threshold=threshold,
            textured_share=0.1,
            textured_psnr=textured,
            smooth_psnr=smooth,
            textured_input_psnr=20.0,
            smooth_input_psnr=20.0,
            textured_images=2,
            smooth_images=2,
        )
        for threshold in THRESHOLDS
    ]


def drawn(target):
    """Return the pixels of the PNG."""
    with Image.open(target) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def tallest_bars(pixels):
    """Return how tall in pixels the tallest red and blue columns of the right half are."""
    right = pixels[:, pixels.shape[1] // 2 :]
    return [(right == colour).all(2).sum(0).max() for colour in (RED, BLUE)]


def test_both_panels_are_drawn_a_row_for_each_set_and_degradation_whatever_its_name(target):
    one = [*lines_of("dncnn-a"), *lines_of("dncnn-b", textured=28.4, smooth=33.1)]
    write_plot(one, target)
    single = drawn(target)
    assert 300 < single.shape[0] < 600 < 800 < single.shape[1] < 1600
    for half in np.array_split(single, 2, axis=1):
        assert all((half == colour).all(2).sum() > 100 for colour in (RED, BLUE))
    odd = [*lines_of("dncnn-a", title="a$_$b\udcff"), *lines_of("dncnn-a")]
    write_plot([*one, *odd], target)
    assert drawn(target).shape == (2 * single.shape[0], *single.shape[1:])
    assert list(target.parent.iterdir()) == [target]


def test_the_bars_show_the_gain_of_the_second_model_in_each_region(target):
    first = lines_of("dncnn-a")
    write_plot([*first, *lines_of("dncnn-b", textured=28.4, smooth=33.1)], target)
    red, blue = tallest_bars(drawn(target))
    assert 3 < red / blue < 5  # 0.4 dB and 0.1 dB, rounded to pixels
    write_plot([*first, *lines_of("dncnn-b", textured=28.1, smooth=32.6)], target)
    red, blue = tallest_bars(drawn(target))
    assert 3 < blue / red < 5  # a loss hangs below


def test_a_region_that_no_image_has_is_not_drawn(target):
    missing = {"textured": None, "smooth": float("inf")}
    write_plot([*lines_of("dncnn-a", **missing), *lines_of("dncnn-b")], target)
    assert all(height < 15 for height in tallest_bars(drawn(target)))  # the legend's own


@pytest.mark.parametrize("contenders", [0, 1, 3])
def test_a_plot_of_other_than_two_models_is_refused(target, contenders):
    with pytest.raises(InvalidSetting, match=f"two models, not {contenders}") as caught:
        require_plot(target, contenders)
    assert "--weights" in caught.value.hint


def test_two_models_and_a_new_png_in_a_folder_that_is_there_are_accepted(target):
    require_plot(target, 2)
    require_plot(target.with_suffix(".PNG"), 2)
    assert not target.exists()


def test_a_plot_replaces_no_file(target):
    target.write_text("mine")
    with pytest.raises(OutputExists):
        require_plot(target, 2)


def test_a_plot_is_a_png_and_in_a_folder_that_is_there(target):
    with pytest.raises(InvalidSetting, match=r"is a PNG"):
        require_plot(target.with_suffix(".pdf"), 2)
    with pytest.raises(InputNotFound, match="absent"):
        require_plot(target.parent / "absent" / "regions.png", 2)


def test_a_missing_matplotlib_is_named_with_the_command_that_installs_it(target, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SetupError, match="matplotlib") as caught:
        require_plot(target, 2)
    assert 'pip install "imgclean[plot]"' in caught.value.hint


def test_a_plot_that_cannot_be_written_is_an_error_in_one_line(target, monkeypatch):
    def refuse(self, other):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SetupError, match=r"regions\.png: cannot be written: permission denied"):
        write_plot(lines_of("dncnn-a") * 2, target)
    assert list(target.parent.iterdir()) == []
