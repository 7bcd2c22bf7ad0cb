"""Colours come back from a sensor's colour filters."""

import numpy as np
import pytest
import torch
from camera_material import planes, seeded
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import correlate

from imgclean.degradation.camera.demosaicing import BILINEAR, DIRECTED, LINEAR, demosaic
from imgclean.degradation.camera.mosaic import mosaic, white_balance

METHODS = [BILINEAR, LINEAR, DIRECTED]
RED, GREEN_RIGHT, GREEN_BELOW, BLUE = (np.s_[..., a::2, b::2] for a in (0, 1) for b in (0, 1))


def by(method, raw):
    return demosaic(raw, torch.full((len(raw),), method))


def random_raw(height, width, count=1):
    return torch.rand(count, 1, height, width, generator=seeded())


def psnr(image, truth):
    return -10 * (image - truth).square().mean().log10().item()


def test_each_pixel_sees_one_colour_red_first():
    light = torch.rand(2, 3, 6, 8, generator=seeded())
    raw = mosaic(light)[:, 0]
    for place, colour in ((RED, 0), (GREEN_RIGHT, 1), (GREEN_BELOW, 1), (BLUE, 2)):
        assert torch.equal(raw[place], light[:, colour][place])


def test_each_pixel_is_balanced_by_the_gain_of_its_colour():
    gains = torch.tensor([[2.0, 1.0, 1.5], [3.0, 0.5, 4.0]])
    balanced = white_balance(torch.ones(2, 1, 4, 6), gains)[:, 0]
    for place, colour in ((RED, 0), (GREEN_RIGHT, 1), (GREEN_BELOW, 1), (BLUE, 2)):
        expected = gains[:, colour].view(2, 1, 1)
        assert torch.equal(balanced[place], expected.expand_as(balanced[place]))


@pytest.mark.parametrize("method", METHODS)
@given(st.tuples(*(st.floats(0, 1),) * 3))
def test_one_colour_comes_back_exactly_up_to_the_border(method, colour):
    flat = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 6, 8)
    torch.testing.assert_close(by(method, mosaic(flat)), flat, rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_ramps_of_each_colour_come_back_inside(method):
    down, across = torch.meshgrid(torch.arange(16.0), torch.arange(20.0), indexing="ij")
    ramps = [0.01 * down + 0.02 * across, 0.5 - 0.02 * down, 0.1 + 0.03 * across - 0.005 * down]
    light = torch.stack(ramps)[None]
    inside = np.s_[..., 3:-3, 3:-3]
    found = by(method, mosaic(light))
    torch.testing.assert_close(found[inside], light[inside], rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(12, 14), (5, 7), (3, 3)])
def test_what_the_sensor_saw_is_kept(method, size):
    raw = random_raw(*size)
    torch.testing.assert_close(mosaic(by(method, raw)), raw, rtol=0, atol=1e-6)


# Malvar et al., Figure 2, in eighths
AT_CROSS = [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]
ACROSS = [
    [0, 0, 0.5, 0, 0],
    [0, -1, 0, -1, 0],
    [-1, 4, 5, 4, -1],
    [0, -1, 0, -1, 0],
    [0, 0, 0.5, 0, 0],
]
DIAGONAL = [
    [0, 0, -1.5, 0, 0],
    [0, 2, 0, 2, 0],
    [-1.5, 0, 6, 0, -1.5],
    [0, 2, 0, 2, 0],
    [0, 0, -1.5, 0, 0],
]


def test_the_linear_filters_are_those_that_were_published():
    raw = random_raw(10, 12)
    cross, across, down, diagonal = (
        correlate(raw[0, 0].numpy(), np.array(each) / 8, mode="mirror")
        for each in (AT_CROSS, ACROSS, np.transpose(ACROSS), DIAGONAL)
    )
    red, green, blue = by(LINEAR, raw)[0].numpy()
    for found, expected, place in (
        *((green, cross, RED), (green, cross, BLUE)),
        *((red, across, GREEN_RIGHT), (red, down, GREEN_BELOW), (red, diagonal, BLUE)),
        *((blue, down, GREEN_RIGHT), (blue, across, GREEN_BELOW), (blue, diagonal, RED)),
    ):
        np.testing.assert_allclose(found[place], expected[place], atol=1e-6)


def test_the_bilinear_colours_are_means_of_the_nearest():
    raw = random_raw(10, 12)
    one = raw[0, 0].numpy()
    tent = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    cross = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    for plane, (filters, places) in zip(
        by(BILINEAR, raw)[0].numpy(),
        ((tent, [RED]), (cross, [GREEN_RIGHT, GREEN_BELOW]), (tent, [BLUE])),
        strict=True,
    ):
        seen = np.zeros_like(one)
        for place in places:
            seen[place] = one[place]
        np.testing.assert_allclose(plane, correlate(seen, filters, mode="mirror"), atol=1e-6)


@pytest.mark.parametrize("turned", [False, True])
def test_only_directed_green_leaves_no_colours_at_an_edge_along_the_pixels(turned):
    edge = torch.full((1, 3, 16, 16), 0.1)
    edge[..., 7:] = 0.8
    if turned:
        edge = edge.mT
    raw = mosaic(edge)
    torch.testing.assert_close(by(DIRECTED, raw), edge, rtol=0, atol=1e-6)
    for method in (BILINEAR, LINEAR):
        found = by(method, raw)
        assert (found.amax(1) - found.amin(1)).max() > 0.1


def test_green_is_the_mean_of_both_directions_where_neither_changes_less():
    raw = torch.zeros(1, 1, 9, 9)
    raw[0, 0, 4, 4] = 1  # red; what is around it looks the same in its row and its column
    assert by(DIRECTED, raw)[0, 1, 4, 4] == pytest.approx(0.5)


def test_a_picture_comes_back_better_by_the_methods_that_look_at_edges(colour):
    picture = planes(colour)
    bilinear, linear, directed = (psnr(by(each, mosaic(picture)), picture) for each in METHODS)
    assert bilinear > 28
    assert linear > bilinear + 3
    assert directed > bilinear + 3


def test_each_row_has_its_own_method():
    raw = random_raw(12, 14, count=4)
    together = demosaic(raw, torch.tensor([DIRECTED, BILINEAR, LINEAR, DIRECTED]))
    for row, method in enumerate((DIRECTED, BILINEAR, LINEAR, DIRECTED)):
        alone = by(method, raw[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=1e-6)
