"""A whole image, and the same in tiles: attention does not see where it is cut."""

import numpy as np
import pytest
import torch
from gradnet_material import SMALL, cleaned, network, random_image, write_set
from hypothesis import given
from hypothesis import strategies as st
from imgclean_gradnet.attention import Finding, Interpolated, over_windows
from imgclean_gradnet.located import Located
from imgclean_gradnet.options import GradNetOptions
from imgclean_gradnet.sampling import Axis, axes_of_grid, axes_of_sample, windows_of
from imgclean_gradnet.tiling import main_halo, naive_tiling, tiling
from torch.nn import functional

from imgclean import Window
from imgclean.errors import ImgcleanError
from imgclean.images.rasters import ArrayRaster

WAYS = ("grid", "sampled", "local", "global")
SYSTEMS = {
    "gradnet": {},
    "gradnet after mskresnet": {"naive": "mskresnet"},
    "gradnet after dncnn": {"naive": "dncnn", "naive_options": {"depth": 6, "width": 4}},
    "gradnet after non-local means": {"naive": "nlm"},
    "with batch norm folded": {"batch_norm": False},
    "fused into the input": {"fusion": "input"},
    "fused late": {"fusion": "late"},
    "of the noisy image": {"gradient": "noisy"},
    "of the clean image": {"gradient": "clean"},
    "mskresnet": {"fusion": "none"},
    "skdncnn": {"fusion": "none", "backbone": "skdncnn"},
    "a naive block alone": {"part": "naive"},
    "mskresnet as a naive block alone": {"part": "naive", "naive": "mskresnet"},
}


ATTENTIVE = ("gradnet after mskresnet", "fused late")
CASES = [(each, "grid") for each in SYSTEMS] + [
    (each, way) for each in ATTENTIVE for way in WAYS if way != "grid"
]


@pytest.mark.parametrize(("system", "way"), CASES)
def test_tiles_give_what_the_whole_image_gives(tmp_path, system, way):
    weights = write_set(tmp_path, **SMALL, **SYSTEMS[system], attention=way)
    image, truth = random_image(75, 110), random_image(75, 110, seed=1)
    whole = cleaned(weights, image, truth, tile="none")
    np.testing.assert_allclose(cleaned(weights, image, truth, tile=25), whole, atol=1e-6)


def test_the_default_way_gives_the_same_in_tiles_of_a_photo_of_1500_by_1000(tmp_path):
    weights = write_set(tmp_path, features=2)  # of the paper's depth, hence of its halos
    image = random_image(1000, 1500)
    whole = cleaned(weights, image, tile="none")
    np.testing.assert_allclose(cleaned(weights, image, tile=300), whole, atol=1e-5)


@pytest.mark.parametrize("system", ["gradnet", "gradnet after mskresnet", "of the clean image"])
def test_global_attention_is_the_networks_own_on_the_whole_image(tmp_path, system):
    options = SMALL | SYSTEMS[system]
    weights = write_set(tmp_path, **options, attention="global")
    image, truth = random_image(60, 70), random_image(60, 70, seed=1)
    with torch.no_grad():
        expected = network(**options)(torch.tensor(image)[None], None, torch.tensor(truth)[None])
    found = cleaned(weights, image, truth, tile=16)
    np.testing.assert_allclose(found, expected[0].numpy(), atol=1e-6)


def test_the_three_ways_are_one_on_an_image_of_a_crops_size(tmp_path):
    image = random_image(24, 24)
    results = []
    for way in WAYS:
        folder = tmp_path / way
        results.append(cleaned(write_set(folder, **SMALL, attention=way), image))
    for each in results[1:]:
        np.testing.assert_allclose(each, results[0], atol=1e-6)


def test_the_ways_differ_on_a_large_image(tmp_path):
    image = random_image(96, 96)
    image[:, :, 48:] *= 0.1
    sets = [write_set(tmp_path / way, **SMALL, attention=way) for way in WAYS]
    *others, whole = (cleaned(each, image) for each in sets)
    for each in others:
        assert np.abs(each - whole).max() > 1e-4


def test_a_window_has_the_mean_of_the_pixels_around_and_stays_inside():
    features = torch.rand(1, 2, 9, 7)
    means = over_windows(4)(lambda each: each, features)
    assert means.shape == features.shape
    for y, x in ((0, 0), (4, 3), (8, 6), (1, 5)):
        top, left = min(max(y - 2, 0), 9 - 4), min(max(x - 2, 0), 7 - 4)
        expected = features[0, :, top : top + 4, left : left + 4].mean((1, 2))
        torch.testing.assert_close(means[0, :, y, x], expected)


def test_each_crop_has_factors_of_its_own():
    made = network(**SMALL, fusion="none")
    attention = made.main.body.attentions[0]
    features = torch.rand(3, attention.excite.out_channels, 6, 6)
    finding = Finding()
    expected = attention(features.mean((2, 3), keepdim=True))
    torch.testing.assert_close(finding(attention, features), expected)
    torch.testing.assert_close(finding.factors[attention], expected)


def test_factors_are_those_of_a_crop_at_its_middle_and_lie_between_elsewhere():
    """On a grid of 2 x 3 crops of 5 pixels in an image of 20 x 30."""
    rows, columns = Axis((0, 15), 5), Axis((0, 12, 24), 5)
    points = torch.arange(6.0).reshape(6, 1, 1, 1)
    located = Located(ArrayRaster(np.zeros((1, 20, 30), np.float32)), rows.centres, columns.centres)
    positions = torch.tensor(located.read(Window(0, 0, 30, 20))[1:]).permute(1, 2, 0)[None]
    attention = torch.nn.Identity()
    attend = Interpolated({attention: points}, (2, 3), positions)
    found = attend(attention, torch.zeros(1, 1, 20, 30))[0, 0]
    assert found.shape == (20, 30)
    for row, y in enumerate((2, 17)):
        for column, x in enumerate((2, 14, 26)):
            assert found[y, x] == pytest.approx(3 * row + column, abs=1e-5)
    assert found[2, 8] == pytest.approx(0.5, abs=1e-5)
    assert found[0, 0] == pytest.approx(0, abs=1e-5)  # beyond the middle of the first crop


def test_a_window_knows_where_it_is_in_the_image():
    located = Located(ArrayRaster(random_image(20, 30)), (2, 17), (2, 26))
    whole = located.read(Window(0, 0, 30, 20))
    window = located.read(Window(7, 3, 11, 6))
    np.testing.assert_array_equal(window, whole[:, 3:9, 7:18])


def test_turned_tiles_have_the_factors_of_their_place(tmp_path):
    weights = write_set(tmp_path, **SMALL)
    image = random_image(60, 90)
    whole = cleaned(weights, image, tile="none", ensemble=True)
    np.testing.assert_allclose(cleaned(weights, image, tile=30, ensemble=True), whole, atol=1e-6)


@given(st.integers(2, 3000), st.integers(2, 3000), st.integers(8, 80))
def test_crops_lie_in_the_image_and_are_neither_alike_nor_too_many(height, width, side):
    for axes, most in ((axes_of_sample, 25), (axes_of_grid, 5000)):
        rows, columns = axes(height, width, side)
        windows = windows_of(rows, columns)
        assert 1 <= len(set(windows)) == len(windows) <= most
        assert (rows.length, columns.length) == (min(side, height), min(side, width))
        for each in (windows[0], windows[-1]):
            assert min(each.x, each.y) >= 0
            assert each.x + each.width <= width
            assert each.y + each.height <= height


@pytest.mark.parametrize("system", ["gradnet", "fused into the input", "fused late", "skdncnn"])
def test_the_halo_is_exactly_the_radius_that_a_pixel_sees(system):
    options = GradNetOptions(**SMALL | {"batch_norm": False} | SYSTEMS[system])
    made = network(**options.model_dump()).double()
    for module in made.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data.abs_().add_(0.01)  # no path is cut by a ReLU
    for attention in getattr(made.main.body, "attentions", ()):
        torch.nn.init.zeros_(attention.excite.weight)
    side = 61
    x = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    made(x)[0, :, side // 2, side // 2].sum().backward()
    rows = x.grad[0].abs().sum((0, 2)).nonzero().flatten()
    assert side // 2 - int(rows.min()) == int(rows.max()) - side // 2 == tiling(options).halo


def test_the_papers_halos():
    options = GradNetOptions()
    assert naive_tiling(options).halo == 20
    assert main_halo(options) == 38
    assert tiling(options).halo == 58


def test_the_clean_images_gradient_is_for_evaluation_alone(tmp_path):
    weights = write_set(tmp_path, **SMALL, gradient="clean")
    with pytest.raises(ImgcleanError, match="clean image"):
        cleaned(weights, random_image(20, 20))


def test_progress_ends_where_the_image_does(tmp_path):
    for way in WAYS:
        told = []
        weights = write_set(tmp_path / way, **SMALL, attention=way)
        cleaned(weights, random_image(90, 80), on_pixels=told.append, tile=32)
        assert len(told) > 2
        assert 90 * 80 - 2 <= sum(told) <= 90 * 80


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2)])
@pytest.mark.parametrize("way", ["grid", "local"])
def test_the_smallest_images_are_cleaned_too(tmp_path, way, shape):
    weights = write_set(tmp_path, **SMALL, attention=way)
    result = cleaned(weights, random_image(*shape))
    assert result.shape == (3, *shape)
    assert np.isfinite(result).all()


def test_gray_images_are_cleaned_by_a_gray_set(tmp_path):
    weights = write_set(tmp_path, **SMALL, channels=1)
    image = random_image(40, 44, channels=1)
    assert cleaned(weights, image).shape == image.shape


def test_bf16_is_near_fp32(tmp_path):
    weights = write_set(tmp_path, **SMALL)
    image = functional.avg_pool2d(torch.tensor(random_image(64, 64))[None], 5, 1)[0].numpy()
    coarse = cleaned(weights, image, precision="bf16")
    assert np.abs(coarse - cleaned(weights, image)).max() < 0.05
