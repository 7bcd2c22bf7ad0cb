import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import noise_image

from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.colours import in_colour, is_usual, usual_colour
from imgclean.evaluation.metrics import psnr
from imgclean.evaluation.protocol import measure
from imgclean.evaluation.trials import smallest_side, trial_of, trial_of_pair
from imgclean.events import ignore
from imgclean.images.collection import read_clean_images
from imgclean.images.luminance import luma_from_rgb


def trial(image, spec, colour="rgb"):
    return trial_of(image, parse_degradation(spec), colour, 0)


def test_luma_of_colour_spans_16_to_235_and_gray_is_its_own():
    extremes = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert in_colour(extremes, "y").tolist() == [[[16], [235]]]
    gray = noise_image(5, 6, 1)
    assert in_colour(gray, "y") is gray
    assert (in_colour(gray, "rgb") == gray).all()
    deep = in_colour(extremes * np.uint16(257), "y")
    assert (deep.dtype, deep.ravel().tolist()) == (np.uint16, [16 * 257, 235 * 257])


@pytest.mark.parametrize(
    ("spec", "channels", "colour"),
    [
        ("gaussian:25", 3, "rgb"),
        ("poisson:4", 3, "rgb"),
        ("jpeg:10", 3, "y"),
        ("jpeg2000:0.3", 3, "y"),
        ("bicubic:3", 3, "y"),
        ("bicubic:3", 1, "gray"),
        ("pairs", 3, "rgb"),
    ],
)
def test_what_is_no_noise_is_measured_on_the_luma_of_colour_images(spec, channels, colour):
    assert usual_colour(parse_degradation(spec), channels) == colour


def test_noise_is_added_in_float_and_the_output_is_rounded():
    image = noise_image(40, 50)
    one = trial(image, "gaussian:25")
    noise = np.random.RandomState(0).randn(40, 50, 3) * 25
    np.testing.assert_allclose(one.noisy * 255, image + noise, atol=1e-9)
    output = (image.transpose(2, 0, 1) + np.float32(0.4)) / np.float32(255)
    assert one.score(output).psnr == np.inf


def test_compressed_luma_has_eight_bits_before_and_after():
    one = trial(noise_image(40, 50), "jpeg:20", "y")
    assert one.clean.shape == (40, 50, 1)
    for image in (one.clean, one.noisy * 255):
        np.testing.assert_allclose(image, np.rint(image), atol=1e-9)
    assert (one.clean == in_colour(noise_image(40, 50), "y")).all()


def test_enlargement_shrinks_the_image_itself_and_compares_unrounded_luma():
    image = noise_image(50, 61)
    in_luma, in_colours = trial(image, "bicubic:3", "y"), trial(image, "bicubic:3", "rgb")
    assert (in_luma.border, in_luma.rounded) == (3, False)
    np.testing.assert_allclose(in_luma.clean, luma_from_rgb(image[:48, :60] / 255) * 255)
    np.testing.assert_allclose(in_luma.noisy, luma_from_rgb(in_colours.noisy))
    output = in_luma.clean.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    output[:, 3, 3] += 0.25
    expected = 10 * np.log10(42 * 54 / 0.25**2)
    assert in_luma.score(output).psnr == pytest.approx(expected, abs=1e-3)
    output[:, :3], output[:, :, -3:] = 0, 0
    assert in_luma.score(output).psnr == pytest.approx(expected, abs=1e-3)


def test_real_pairs_of_eight_bits_are_rounded_and_deeper_ones_are_not():
    clean, noisy = noise_image(20, 30), noise_image(20, 30, seed=1)
    eight = trial_of_pair(clean, noisy, "rgb")
    deep = trial_of_pair(clean * np.uint16(257), noisy * np.uint16(257), "rgb")
    np.testing.assert_allclose(deep.clean, clean, rtol=1e-12)
    np.testing.assert_allclose(deep.noisy * 255, noisy, rtol=1e-12)
    almost = (clean.transpose(2, 0, 1) + np.float32(0.4)) / np.float32(255)
    assert eight.score(almost).psnr == np.inf
    assert deep.score(almost).psnr == pytest.approx(20 * np.log10(255 / 0.4), abs=0.05)
    assert (eight.dtype, deep.dtype) == (np.uint8, np.uint16)


@pytest.mark.parametrize("spec", ["gaussian:25", "jpeg:10", "bicubic:2", "pairs"])
def test_an_unrounded_output_has_the_psnr_of_papers_that_work_from_minus_one_to_one(spec):
    image = noise_image(24, 30)
    if spec == "pairs":
        one = trial_of_pair(image, image, "rgb", unrounded=True)
    else:
        one = trial_of(image, parse_degradation(spec), "rgb", 0, unrounded=True)
    clean = one.clean / 127.5 - 1
    output = clean + np.random.default_rng(0).normal(0, 0.2, clean.shape)  # beyond either end too
    inside = [one.inside(each) for each in (output, clean)]
    expected = 10 * np.log10(4 * inside[0].size / np.sum((inside[0] - inside[1]) ** 2))
    planes = ((output + 1) / 2).transpose(2, 0, 1).astype(np.float32)
    assert one.score(planes).psnr == pytest.approx(expected, abs=1e-4)


@given(st.sampled_from(["gaussian:9", "bicubic:2", "bicubic:3", "bicubic:4"]), st.integers(0, 5))
def test_the_smallest_side_is_enough_for_ssim(spec, more):
    side = smallest_side([parse_degradation(spec)]) + more
    one = trial(noise_image(side, 40), spec, "y")
    assert -1 <= one.score(one.planes).ssim <= 1


@pytest.mark.parametrize("name", ["bsd68", "cbsd68", "set12", "set5", "set14", "classic5", "live1"])
def test_noise_of_25_measures_as_in_the_literature(shared_set, name, unchanged):
    found = read_clean_images((shared_set(name),), channels="own", smallest=11, emit=ignore)
    line = measure(found, parse_degradation("gaussian:25"), unchanged, seed=0, emit=ignore)
    assert 20.15 <= line.input_psnr <= 20.19


@pytest.mark.parametrize(
    ("name", "spec", "figure"),
    [
        ("set5", "bicubic:2", 33.66),
        ("set5", "bicubic:3", 30.39),
        ("set5", "bicubic:4", 28.42),
        ("set14", "bicubic:3", 27.54),
        ("classic5", "jpeg:10", 27.82),
        ("live1", "jpeg:10", 27.77),
    ],
)
def test_enlargement_and_compression_measure_as_in_the_literature(shared_set, name, spec, figure):
    found = read_clean_images((shared_set(name),), channels="own", smallest=40, emit=ignore)
    trials = [trial_of(each, parse_degradation(spec), "y", 0) for each in found.images]
    edge = trials[0].border
    inside = np.s_[edge:-edge, edge:-edge] if edge else np.s_[:]
    scores = [psnr(each.clean[inside], each.noisy[inside] * 255) for each in trials]
    assert np.mean(scores) == pytest.approx(figure, abs=0.03)


@pytest.mark.parametrize(
    ("colour", "spec", "channels", "usual"),
    [
        ("rgb", "gaussian:25", 3, True),
        ("gray", "gaussian:25", 3, True),
        ("y", "gaussian:25", 3, False),
        ("y", "jpeg:10", 3, True),
        ("gray", "jpeg:10", 3, False),
        ("gray", "jpeg:10", 1, True),
        ("y", "jpeg:10", 1, True),
    ],
)
def test_gray_and_luma_of_colour_are_compared_with_papers_only_where_papers_take_them(
    colour, spec, channels, usual
):
    assert is_usual(colour, parse_degradation(spec), channels) is usual
