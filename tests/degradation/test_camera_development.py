"""What is undone to get at raw light is what development does again."""

from dataclasses import fields

import pytest
import torch
from camera_material import planes, seeded
from hypothesis import given
from hypothesis import strategies as st

from imgclean.degradation.camera.development import (
    Development,
    draw_development,
    from_balanced,
    inverse_tone_curve,
    inverse_white_balance,
    linear_from_srgb,
    srgb_from_linear,
    to_raw,
    tone_curve,
)
from imgclean.degradation.camera.rows import Draw, times_matrix

SHARES = torch.linspace(0, 1, 1001)
GAINS = st.tuples(st.floats(1.2, 4), st.floats(1, 2), st.floats(1.2, 3)).map(torch.tensor)
COLOURS = st.tuples(*(st.floats(0, 1),) * 3).map(lambda each: torch.tensor(each).view(1, 3, 1, 1))


def drawn(count, seed=0):
    return draw_development(Draw(count, seeded(seed)))


def test_the_tone_curve_undoes_its_inverse_and_is_a_smooth_step():
    torch.testing.assert_close(tone_curve(inverse_tone_curve(SHARES)), SHARES, rtol=0, atol=1e-6)
    assert tone_curve(torch.tensor([0.0, 0.25, 0.5, 1.0])).tolist() == [0, 0.15625, 0.5, 1]


def test_the_transfer_function_is_srgbs_and_undoes_its_inverse():
    light = srgb_from_linear(linear_from_srgb(SHARES))
    torch.testing.assert_close(light, SHARES, rtol=0, atol=1e-6)
    known = torch.tensor([0.0, 0.002, 0.0031308, 0.2140411, 1.0])  # IEC 61966-2-1
    expected = torch.tensor([0.0, 0.02584, 0.04045, 0.5, 1.0])
    torch.testing.assert_close(srgb_from_linear(known), expected, rtol=0, atol=1e-5)


@given(GAINS)
def test_white_stays_white_without_its_balance(gains):
    white = torch.ones(1, 3, 1, 1)
    torch.testing.assert_close(inverse_white_balance(white, gains[None]), white)


@given(COLOURS, GAINS)
def test_the_balance_of_what_is_not_nearly_white_is_undone_exactly(colour, gains):
    colour = colour * min(1, 0.9 / (colour.mean().item() + 1e-9))
    balanced = inverse_white_balance(colour, gains[None]) * gains.view(1, 3, 1, 1)
    torch.testing.assert_close(balanced, colour, rtol=1e-5, atol=1e-7)


def test_a_highlight_gets_brighter_in_raw_until_it_is_white():
    light = torch.linspace(0.85, 1, 31).view(1, 1, 1, -1).expand(1, 3, 1, -1)
    raw = inverse_white_balance(light, torch.tensor([[2.0, 1.2, 1.7]]))
    assert (raw.diff(dim=-1) > 0).all()


def test_gains_are_those_of_brooks_and_every_matrix_keeps_gray_gray():
    development = drawn(500)
    red, green, blue = development.gains.T
    assert ((red / green >= 1.9) & (red / green <= 2.4)).all()
    assert ((blue / green >= 1.5) & (blue / green <= 1.9)).all()
    assert (1 / green).mean() == pytest.approx(0.8, abs=0.02)
    gray = times_matrix(torch.full((500, 3, 1, 1), 0.4), development.matrix)
    torch.testing.assert_close(gray, torch.full_like(gray, 0.4), rtol=0, atol=1e-5)
    assert ((development.matrix - torch.eye(3)).abs().amax((1, 2)) > 0.2).all()
    assert development.toned.float().mean() == pytest.approx(0.5, abs=0.07)


def test_an_image_comes_back_from_raw(colour):
    count = 8
    development = drawn(count)
    assert 0 < development.toned.sum() < count
    image = planes(colour).repeat(count, 1, 1, 1)
    raw = to_raw(image, development)
    back = from_balanced(raw * development.gains[:, :, None, None], development)
    error = (back - image).abs().amax(1)
    assert error.quantile(0.98) < 1e-3  # colours that no raw light gives are in hats
    assert raw.mean((0, 2, 3)).argmax() == 1  # sensors see most of green


def test_a_development_for_twice_the_rows_repeats_all_of_them():
    development = drawn(3)
    twice = development.twice()
    assert isinstance(twice, Development)
    for field in fields(Development):
        one, both = getattr(development, field.name), getattr(twice, field.name)
        assert torch.equal(both, torch.cat([one, one]))
