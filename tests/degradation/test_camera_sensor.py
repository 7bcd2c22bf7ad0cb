"""The noise of a sensor is that of counted light and of reading it."""

import numpy as np
import pytest
import torch
from camera_material import neighbour_correlation, noise_of, seeded

from imgclean.degradation.base import Levels
from imgclean.degradation.camera.rows import Draw
from imgclean.degradation.camera.sensor import add_sensor_noise, draw_sensor_noise


def drawn(low, high=None, count=1, seed=0):
    return draw_sensor_noise(Levels(low, high or low), Draw(count, seeded(seed)))


def test_variance_is_the_shot_noise_times_the_light_and_the_read_noise():
    light = torch.linspace(0, 1, 11).view(-1, 1, 1, 1).expand(-1, 1, 200, 200)
    noisy = add_sensor_noise(light, noise_of(11, shot=0.01, read=0.002), seeded())
    variance = (noisy - light).var((1, 2, 3)).numpy()
    shot, read = np.polyfit(np.linspace(0, 1, 11), variance, 1)
    assert shot == pytest.approx(0.01, rel=0.03)
    assert read == pytest.approx(0.002, rel=0.03)
    torch.testing.assert_close(noisy.mean((1, 2, 3)), light[:, 0, 0, 0], rtol=0, atol=0.002)
    assert noisy.min() < 0
    assert noisy.max() > 1


def test_raw_noise_does_not_spread_to_neighbours():
    light = torch.full((1, 1, 500, 500), 0.3)
    noise = add_sensor_noise(light, noise_of(1, shot=0.01, read=0.002), seeded()) - light
    assert max(map(abs, neighbour_correlation(noise))) < 0.01


def test_the_shot_noise_is_a_millionth_of_the_sensitivity():
    assert drawn(100).shot.item() == pytest.approx(1e-4)
    assert drawn(200).shot.item() == pytest.approx(2e-4)


def test_the_logarithm_of_a_sensitivity_in_a_range_is_uniform():
    shot = drawn(100, 10_000, count=4000).shot
    assert shot.min() >= 1e-4 * (1 - 1e-6)
    assert shot.max() <= 1e-2 * (1 + 1e-6)
    for share in (0.25, 0.5, 0.75):
        assert shot.log10().quantile(share) == pytest.approx(-4 + 2 * share, abs=0.05)


def test_read_noise_follows_shot_noise_as_brooks_fit_it():
    noise = drawn(100, 10_000, count=4000)
    shot, read = (each.log().numpy() for each in (noise.shot, noise.read))
    slope, intercept = np.polyfit(shot, read, 1)
    assert slope == pytest.approx(2.18, abs=0.02)
    assert intercept == pytest.approx(1.2, abs=0.12)
    assert np.std(read - 2.18 * shot - 1.2) == pytest.approx(0.26, abs=0.01)
