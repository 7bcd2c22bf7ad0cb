"""Level, growth with light and correlation of noise, estimated from nothing but the image."""

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from skimage.data import astronaut, camera, coffee
from training_pictures import waves

from imgclean.images.noise.clipping import before_clipping, unclipped_variance
from imgclean.images.noise.estimate import estimate_noise
from imgclean.images.noise.tiles import tile_windows
from imgclean.images.noise.variance_fit import VarianceLine
from imgclean.images.pixels import SampleRange, sample_range

SHARED = Path(__file__).parents[3] / "shared" / "data"
PHOTOGRAPHS = {"astronaut": astronaut, "coffee": coffee, "camera": lambda: camera()[..., None]}


def estimated(image):
    return estimate_noise(image, sample_range(image))


def noisy(image, variance, seed=0, top=255):
    drawn = np.random.default_rng(seed).normal(size=image.shape) * np.sqrt(variance)
    kind = np.uint8 if top == 255 else np.uint16
    return np.rint((image / 255 + drawn).clip(0, 1) * top).astype(kind)


def blurred(noise):
    """Return noise that neighbouring pixels share: 1/2 across and down."""
    across = noise[:, 1:] + noise[:, :-1]
    return (across[1:] + across[:-1]) / 2


@pytest.mark.parametrize("sigma", [5, 10, 25, 50])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_white_noise_on_a_photograph_is_found_though_it_is_clipped(name, sigma):
    found = estimated(noisy(PHOTOGRAPHS[name](), (sigma / 255) ** 2))
    assert found.level == pytest.approx(sigma, rel=0.1)
    assert found.white
    assert found.correlation == pytest.approx(0, abs=0.1)


def test_what_clipping_takes_from_noise_is_given_back():
    noise = np.random.default_rng(0).normal(size=10**5)
    clipped = noise.clip(-1, None)
    assert unclipped_variance(clipped.var(), (clipped == -1).mean()) == pytest.approx(1, abs=0.02)
    dark = noisy(np.full((256, 256, 1), 30), (25 / 255) ** 2)
    assert (dark == 0).mean() > 0.1
    assert estimated(dark).level == pytest.approx(25, rel=0.05)


@pytest.mark.parametrize(("a", "b"), [(0.02, 1e-3), (0.01, 5e-4)])
def test_shot_noise_grows_with_light_as_it_was_made_to(a, b):
    image = np.tile(np.linspace(2, 250, 512), (512, 1))[..., None]
    (found,) = estimated(noisy(image, a * image / 255 + b)).channels
    assert found.slope == pytest.approx(a, rel=0.1)
    assert found.intercept == pytest.approx(b, rel=0.25)


@pytest.mark.parametrize(("a", "b"), [(0.005, 1e-4), (0.01, 3e-4), (0.02, 1e-3), (0.001, 1e-3)])
def test_both_ends_of_the_line_are_found_on_photographs(a, b):
    slopes, intercepts = [], []
    for picture in PHOTOGRAPHS.values():
        image = picture()
        for channel in estimated(noisy(image, a * image / 255 + b)).channels:
            slopes.append(abs(channel.slope / a - 1))
            intercepts.append(abs(channel.intercept / b - 1))
    assert np.median(slopes) < 0.25
    assert np.median(intercepts) < 0.25


@pytest.mark.parametrize("seed", range(4))
def test_noise_on_one_intensity_counts_as_even(seed):
    found = estimated(noisy(np.full((256, 256, 1), 120), (20 / 255) ** 2, seed))
    assert found.signal_share < 0.01
    assert found.level == pytest.approx(20, rel=0.03)


def test_what_clipping_does_to_mean_and_variance_at_either_end_is_undone():
    a, b = 0.01, 1e-3
    truth = np.array([0.0, 0.02, 0.05, 0.5, 0.95, 1.0])
    drawn = np.random.default_rng(0).normal(size=(6, 10**5)) * np.sqrt(a * truth + b)[:, None]
    clipped = (truth[:, None] + drawn).clip(0, 1)
    intensity, left = before_clipping(clipped.mean(axis=1), VarianceLine(b, a + b))
    assert intensity == pytest.approx(truth, abs=0.002)
    assert left == pytest.approx(clipped.var(axis=1) / (a * truth + b), rel=0.05)


@pytest.mark.skipif(not (SHARED / "test/bsd68").is_dir(), reason="BSD68 is not here")
@pytest.mark.parametrize(("a", "b"), [(0.01, 3e-4), (0.02, 1e-3), (0.001, 1e-3)])
def test_the_median_errors_of_the_line_over_bsd68_are_below_a_quarter(a, b):
    slopes, intercepts = [], []
    for seed, path in enumerate(sorted((SHARED / "test/bsd68").iterdir())[::4]):
        image = iio.imread(path)[..., None]
        (found,) = estimated(noisy(image, a * image / 255 + b, seed)).channels
        slopes.append(abs(found.slope / a - 1))
        intercepts.append(abs(found.intercept / b - 1))
    assert np.median(slopes) < 0.25
    assert np.median(intercepts) < 0.25


def test_the_noise_of_each_channel_is_its_own():
    variance = (np.array([4, 8, 16]) / 255) ** 2
    found = estimated(noisy(waves(0, 256, 256), variance))
    levels = [each.level for each in found.channels]
    assert levels == pytest.approx([4, 8, 16], rel=0.1)
    assert found.level == pytest.approx(np.sqrt(np.mean(np.square([4, 8, 16]))), rel=0.1)


def test_correlated_noise_is_called_so_and_its_whole_level_is_found():
    noise = blurred(np.random.default_rng(0).normal(size=(401, 401, 1)))
    image = np.rint(128 + 12 * noise).clip(0, 255).astype(np.uint8)
    (found,) = estimated(image).channels
    assert not found.white
    assert found.across == pytest.approx(0.5, abs=0.08)
    assert found.down == pytest.approx(0.5, abs=0.08)
    assert found.level == pytest.approx(image.std(), rel=0.1)


def test_an_image_without_noise_is_nearly_clean():
    slope = np.tile(np.linspace(20, 120, 512), (256, 1))[..., None]
    assert estimated(np.rint(slope).astype(np.uint8)).nearly_clean
    assert estimated(np.full((64, 64, 3), 77, np.uint8)).nearly_clean
    assert not estimated(noisy(waves(0, 200, 240), (3 / 255) ** 2)).nearly_clean


def test_sixteen_bits_and_floats_are_in_the_same_units():
    image = waves(0, 200, 240)
    deep = noisy(image, (2 / 255) ** 2, top=65535)
    assert estimated(deep).level == pytest.approx(2, rel=0.1)
    floats = (deep / 65535).astype(np.float32)
    assert estimated(floats).level == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("image", [np.full((100, 100, 1), 255), np.zeros((20, 20, 1))])
def test_of_what_is_all_clipped_or_too_small_nothing_is_said(image):
    assert estimated(image.astype(np.uint8)) is None


@pytest.mark.parametrize("shape", [(3, 5000), (5000, 3), (1, 1), (30, 60_000)])
def test_odd_shapes_are_no_error(shape):
    image = np.random.default_rng(0).integers(60, 90, (*shape, 1)).astype(np.uint8)
    found = estimated(image)
    assert found is None or found.level > 5


def test_a_large_image_is_sampled_all_over():
    image = np.full((3000, 2000, 1), 128)
    image[1500:] = 60
    variance = np.where(image > 100, 75.0, 100.0) / 255**2
    assert estimated(noisy(image, variance)).level == pytest.approx(np.sqrt(87.5), rel=0.1)


def test_of_a_strip_all_of_its_length_is_looked_at():
    image = np.full((100, 100_000, 1), 80)
    image[:, 50_000:] = 160
    strip = noisy(image, np.where(image > 100, 11**2, 8**2) / 255**2)
    for turned in strip, strip[:, ::-1], strip.transpose(1, 0, 2):
        assert estimated(turned).level == pytest.approx(np.sqrt((11**2 + 8**2) / 2), rel=0.05)


@pytest.mark.parametrize("shape", [(100, 100_000), (200_000, 23), (2000, 3000), (5, 900_000)])
def test_parts_lie_on_jpegs_grid_inside_the_image_and_apart(shape):
    windows = tile_windows(*shape)
    assert 60 <= len(windows) <= 90
    assert len({(each.x, each.y) for each in windows}) == len(windows)
    assert all(each.x % 8 == each.y % 8 == 0 for each in windows)
    assert max(each.y + each.height for each in windows) in range(shape[0] - 8, shape[0] + 1)
    assert max(each.x + each.width for each in windows) in range(shape[1] - 8, shape[1] + 1)


@pytest.mark.parametrize("dead", [0, 255, 90])
def test_a_channel_without_an_image_leaves_the_others_known(dead):
    image = noisy(waves(0, 200, 240), (8 / 255) ** 2)
    image[..., 2] = dead
    found = estimated(image)
    assert found.channels[2] is None
    assert [each.level for each in found.known] == pytest.approx([8, 8], rel=0.1)
    assert found.level == pytest.approx(8, rel=0.1)
    assert found.white


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("outlier", [1e25, -1e25, np.nan, np.inf, -np.inf, 3e38])
def test_a_few_samples_that_are_no_values_do_no_harm(outlier, dtype):
    image = (noisy(waves(0, 200, 240), (8 / 255) ** 2) / 255).astype(dtype)
    image[::50, ::50] = outlier
    span = SampleRange((0.0,) * 3, (1.0,) * 3, image.dtype)
    found = estimate_noise(image, span)
    assert found.level == pytest.approx(8, rel=0.1)
    assert all(each.is_finite for each in found.channels)


def test_numbers_beyond_single_precision_do_no_harm_to_the_range():
    image = noisy(waves(0, 200, 240), (8 / 255) ** 2) / 255
    image[::50, ::50], image[1::50, ::50] = 1e308, -1e308
    assert estimated(image).level > 5
    image[::3], image[1::3] = 1e308, -1e308
    found = estimated(image)
    assert found is None or all(each.is_finite for each in found.known)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_an_image_of_no_values_has_no_noise_to_tell(value):
    span = SampleRange((0.0,), (1.0,), np.dtype(np.float64))
    assert estimate_noise(np.full((100, 100, 1), value), span) is None


@pytest.mark.skipif(not (SHARED / "test/bsd68").is_dir(), reason="BSD68 is not here")
@pytest.mark.parametrize(("sigma", "error"), [(2, 0.1), (5, 0.1), (25, 0.1)])
def test_the_median_error_over_bsd68_is_small(sigma, error):
    errors = []
    for path in sorted((SHARED / "test/bsd68").iterdir())[::4]:
        image = iio.imread(path)[..., None]
        errors.append(abs(estimated(noisy(image, (sigma / 255) ** 2)).level / sigma - 1))
    assert np.median(errors) < error


@pytest.mark.skipif(not (SHARED / "real/sidd12").is_dir(), reason="SIDD's pairs are not here")
def test_the_noise_of_real_photographs_is_correlated_and_of_the_measured_level():
    errors = []
    for path in sorted((SHARED / "real/sidd12").glob("NOISY*")):
        image, clean = (
            iio.imread(path),
            iio.imread(path.with_name(path.name.replace("NOISY", "GT"))),
        )
        found = estimated(image)
        errors.append(found.level / np.sqrt((image - clean.astype(float)).var((0, 1)).mean()) - 1)
    assert np.median(np.abs(errors)) < 0.1
