"""Textured and smooth regions, on images whose gradients are known by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import noise_image

from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.protocol import measure, measure_pairs
from imgclean.evaluation.regions import (
    THRESHOLDS,
    RegionTally,
    region_scores,
    texture_strength,
)
from imgclean.evaluation.trials import Trial, trial_of
from imgclean.events import ignore
from imgclean.images.collection import CleanImages
from imgclean.images.pairs import ImagePairs

SIZE = 12
EDGE = 6
"""The first column of the bright side."""


def step_edge(height, *, channels=1):
    """Return levels of a black and a brighter side, whose gradient beside the edge is 4 heights."""
    image = np.zeros((SIZE, SIZE, channels))
    image[:, EDGE:, -1] = height * 255
    return image


def constant(level, size=SIZE, channels=1):
    return np.full((size, size, channels), float(level))


def planes(levels):
    return np.ascontiguousarray(levels.transpose(2, 0, 1) / 255, dtype=np.float32)


def psnr_of(mse):
    return 10 * np.log10(255**2 / mse)


@pytest.mark.parametrize("height", [0.2, 0.3])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_step_edge_is_textured_two_pixels_wide_on_either_side(height, channels):
    """The kernel sees it from one pixel away, and each of these is widened by one more."""
    strength = texture_strength(step_edge(height, channels=channels) / 255)
    beside = np.zeros((SIZE, SIZE), bool)
    beside[:, EDGE - 2 : EDGE + 2] = True
    np.testing.assert_allclose(strength[beside], 4 * height)
    np.testing.assert_allclose(strength[~beside], 0, atol=1e-5)


def test_a_single_bright_pixel_is_textured_in_its_neighbours_neighbourhoods():
    image = constant(0)
    image[5, 5] = 255
    expected = np.zeros((SIZE, SIZE), bool)
    expected[3:8, 3:8] = True
    assert ((texture_strength(image / 255) > 1) == expected).all()


def test_a_constant_image_is_all_smooth_up_to_its_border():
    trial = Trial(constant(100), constant(110) / 255)
    for scores in region_scores(trial, planes(constant(104))):
        assert scores.textured_share == 0
        assert (scores.textured_psnr, scores.textured_input_psnr) == (None, None)
        assert scores.smooth_psnr == pytest.approx(psnr_of(16))
        assert scores.smooth_input_psnr == pytest.approx(psnr_of(100))


def test_an_image_that_is_textured_throughout_has_no_smooth_region():
    board = constant(0)
    board[::2], board[1::2] = np.tile([0, 0, 255, 255], 3)[:, None], 255
    (scores, *_) = region_scores(Trial(board, board / 255), planes(board))
    assert (scores.textured_share, scores.smooth_psnr, scores.smooth_input_psnr) == (1, None, None)


def test_each_threshold_takes_the_edges_that_are_above_it():
    """A step of 0.3 has a gradient of 1.2."""
    scores = region_scores(Trial(step_edge(0.3), step_edge(0.3) / 255), planes(step_edge(0.3)))
    assert THRESHOLDS == (0.5, 1.0, 1.5, 2.0)
    assert [each.textured_share for each in scores] == [4 / SIZE, 4 / SIZE, 0, 0]


def test_each_region_has_the_psnr_of_its_own_pixels():
    clean = np.rint(step_edge(0.4))
    output, noisy = clean + 1, clean + 2
    output[:, EDGE - 2 : EDGE + 2] = clean[:, EDGE - 2 : EDGE + 2] + 3.4  # rounds to 3
    noisy[:, EDGE - 2 : EDGE + 2] = clean[:, EDGE - 2 : EDGE + 2] - 3.5  # as it is, below 0 too
    (scores, *_) = region_scores(Trial(clean, noisy / 255), planes(output))
    expected = [psnr_of(mse) for mse in (9, 1, 3.5**2, 4)]
    assert list(scores[1:]) == pytest.approx(expected)


def test_the_border_that_does_not_count_is_in_no_region_but_its_pixels_make_edges():
    image = constant(0)
    image[:2] = 255  # seen from row 2, and widened to row 3
    output = image.copy()
    output[:2] = 100
    output[3:-2, 2:-2] += 1
    scores = region_scores(Trial(image, image / 255, rounded=False, border=2), planes(output))
    assert scores[0].textured_share == 2 / 8
    assert scores[0].textured_psnr == pytest.approx(psnr_of(0.5), abs=1e-3)
    assert scores[0].smooth_psnr == pytest.approx(psnr_of(1), abs=1e-3)


@given(
    st.sampled_from([("gaussian:25", "rgb"), ("gaussian:25", "gray"), ("jpeg:10", "y")])
    | st.tuples(st.sampled_from(["bicubic:2", "bicubic:3"]), st.sampled_from(["y", "rgb"])),
    st.integers(0, 99),
    st.integers(0, 120),
)
def test_the_regions_errors_add_up_to_the_images(case, seed, contrast):
    """By the regions' shares, of the output and of the input, at every threshold."""
    spec, colour = case
    image = (noise_image(30, 26, seed=seed) * (contrast / 255) + 60).astype(np.uint8)
    image[8:20, 5:12] //= 3
    trial = trial_of(image, parse_degradation(spec), colour, seed)
    output = np.float32(0.9) * trial.planes
    whole = trial.score(output)
    for scores in region_scores(trial, output):
        share = scores.textured_share
        for textured, smooth, psnr in (
            (scores.textured_psnr, scores.smooth_psnr, whole.psnr),
            (scores.textured_input_psnr, scores.smooth_input_psnr, whole.input_psnr),
        ):
            mse = share * mse_of(textured) + (1 - share) * mse_of(smooth)
            assert psnr_of(mse) == pytest.approx(psnr, abs=1e-6)


def mse_of(psnr):
    return 0 if psnr is None else 255**2 / 10 ** (psnr / 10)


def test_a_set_has_the_mean_over_the_images_that_have_the_region(unchanged):
    flat, edged = constant(100, 20), constant(20, 20)
    edged[:, 10:] = 220
    images = tuple(each.astype(np.uint8) for each in (flat, edged))
    noisy = ((flat + 10).astype(np.uint8), (edged + 20).astype(np.uint8))
    tally = RegionTally()
    pairs = ImagePairs("real", ("flat.png", "edged.png"), images, noisy)
    line = measure_pairs(pairs, unchanged, emit=ignore, regions=tally)
    regions = tally.lines(line)
    assert [each.threshold for each in regions] == list(THRESHOLDS)
    for each in regions:
        assert (each.set, each.degradation) == ("real", "pairs")
        assert (each.model, each.weights) == ("unchanged", "unchanged")
        assert each.textured_share == pytest.approx(0.5 * 4 / 20)
        assert (each.textured_images, each.smooth_images) == (1, 2)
        assert each.textured_psnr == each.textured_input_psnr
        assert each.textured_psnr == pytest.approx(psnr_of(400), abs=1e-3)
        assert each.smooth_psnr == pytest.approx((psnr_of(100) + psnr_of(400)) / 2, abs=1e-3)


def test_a_set_without_a_region_has_no_psnr_there(unchanged):
    flat = CleanImages("flat", ("0.png",), (np.full((20, 20, 3), 90, np.uint8),))
    tally = RegionTally()
    noise = parse_degradation("gaussian:25")
    line = measure(flat, noise, unchanged, seed=0, emit=ignore, regions=tally)
    for each in tally.lines(line):
        assert (each.textured_psnr, each.textured_input_psnr) == (None, None)
        assert (each.textured_images, each.smooth_images) == (0, 1)
        assert (each.smooth_psnr, each.smooth_input_psnr) == (line.psnr, line.input_psnr)
