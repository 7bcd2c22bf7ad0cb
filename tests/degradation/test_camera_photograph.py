"""A photograph is its scene, where it was, with noise as photographs have it."""

import dataclasses

import numpy as np
import pytest
import torch
from camera_material import (
    flat_scene,
    neighbour_correlation,
    noise_of,
    plain_shot,
    planes,
    seeded,
    shift_of,
    taken,
)

from imgclean.degradation.base import Levels
from imgclean.degradation.batch import BatchDegrader
from imgclean.degradation.camera.image import photograph_image
from imgclean.degradation.camera.jpeg_transform import jpeg_losses
from imgclean.degradation.camera.photograph import Camera, draw_shot
from imgclean.degradation.camera.step import CameraStep
from imgclean.degradation.parsing import parse_degradation
from imgclean.degradation.steps import centre

NO = torch.zeros(1, dtype=torch.bool)
SIZE = 48
METHODS = range(3)
EVERY_ISO = Levels(1.0, 409600.0)


def of_scenes(colour, count, size, seed=0):
    """Return float32[count, 3, size, size] from anywhere in the picture, mirrored beyond it."""
    wide = np.pad(colour, ((size, size), (size, size), (0, 0)), mode="symmetric")
    random = np.random.RandomState(seed)
    tops, lefts = (random.randint(side - size, size=count) for side in wide.shape[:2])
    cut = [
        wide[top : top + size, left : left + size] for top, left in zip(tops, lefts, strict=True)
    ]
    return torch.cat([planes(each) for each in cut])


def shifts(images, scenes):
    """Return float64[M, 2], of the mean of colours, where the scene shows anything."""
    pairs = zip(images.mean(1).double().numpy(), scenes.mean(1).double().numpy(), strict=True)
    return np.array([shift_of(*each) for each in pairs if each[1].std() > 0.02])


def test_a_shift_is_found_where_there_is_one(colour):
    scene = planes(colour).mean(1)[0].double().numpy()
    assert shift_of(scene[1:-1, 1:-1], scene[1:-1, 1:-1]) == pytest.approx((0, 0), abs=1e-9)
    half = (scene[:, 1:] + scene[:, :-1]) / 2
    assert shift_of(half, scene[:, :-1])[1] == pytest.approx(-0.5, abs=0.1)


@pytest.mark.parametrize(("size", "near"), [(48, 0.03), (33, 0.03), (9, 0.1)])
def test_a_patch_lies_where_its_scene_lay_whatever_is_drawn(size, near, colour):
    made = BatchDegrader(parse_degradation("camera:1"), size)
    scenes = of_scenes(colour, 32, size + 2 * made.margin)
    batch = made(scenes, seeded())
    found = shifts(batch.clean, centre(scenes, made.margin))
    assert np.abs(np.median(found, 0)).max() < near
    assert np.median(np.abs(found)) < 3 * near
    found = shifts(batch.noisy, batch.clean)
    assert np.abs(np.median(found, 0)).max() < near


@pytest.mark.parametrize("pixels", [0.67, 0.9, 1.0, 1.33])
@pytest.mark.parametrize("grid", [(0, 0), (5, 10), (15, 15)])
def test_a_photograph_shows_its_scene_at_every_resolution_of_the_sensor(pixels, grid, colour):
    shot = plain_shot(pixels=torch.tensor([pixels]), grid=torch.tensor([grid]))
    photograph = taken(planes(colour), shot, (SIZE, 61))
    margin = Camera((SIZE, 61)).margin
    scene = planes(colour)[..., margin : margin + SIZE, margin : margin + 61]
    assert np.abs(shifts(photograph.clean, scene)).max() < 0.04
    assert (photograph.clean - scene).square().mean().sqrt() < (0.06 if pixels < 1 else 0.035)


@pytest.mark.parametrize("size", [(64, 80), (47, 65), (15, 40), (7, 11), (1, 5)])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_keeps_its_size_and_its_place(size, channels, colour):
    image = colour[60 : 60 + size[0], 80 : 80 + size[1], :channels] / 255
    found, differences = [], []
    for seed in range(8):
        clean, noisy = photograph_image(image, Levels(1, 1), np.random.RandomState(seed))
        assert clean.shape == noisy.shape == image.shape
        if min(size) > 4:
            found.append(shift_of(clean.mean(2), image.mean(2)))
        differences.append(np.abs(clean - image).mean())
    assert np.median(differences) < 0.2
    if found:
        assert np.abs(np.median(found, 0)).max() < (0.05 if min(size) > 16 else 0.2)


def test_without_noise_and_file_both_are_the_same_but_for_rounding(colour):
    scene = planes(colour)
    shot = draw_shot(Levels(100, 100), 1, seeded())
    no = torch.zeros(1, dtype=torch.bool)
    shot = dataclasses.replace(shot, noise=noise_of(1), compressed=no)
    clean, noisy = taken(scene, shot, (SIZE, SIZE))
    torch.testing.assert_close(noisy, (clean * 255).round() / 255, rtol=0, atol=1e-6)


def test_the_clean_photograph_has_neither_noise_nor_compression(colour):
    scene = planes(colour)
    loud = dataclasses.replace(
        plain_shot(),
        noise=noise_of(1, shot=0.02, read=0.001),
        compressed=torch.ones(1, dtype=torch.bool),
        quality=torch.tensor([70.0]),
    )
    clean, noisy = taken(scene, loud, (SIZE, SIZE))
    torch.testing.assert_close(clean, taken(scene, plain_shot(), (SIZE, SIZE)).clean)
    assert (noisy - clean).std() > 0.04


@pytest.mark.parametrize("grid", [(0, 0), (3, 5), (14, 9)])
def test_blocks_lie_where_the_grid_is(grid):
    ramp = torch.linspace(0.2, 0.7, 150)
    scene = (ramp.view(-1, 1) / 2 + ramp / 2).expand(1, 3, -1, -1)
    shot = plain_shot(
        grid=torch.tensor([grid]),
        compressed=torch.ones(1, dtype=torch.bool),
        quality=torch.tensor([15.0]),
    )
    noisy = taken(scene, shot, (SIZE, SIZE)).noisy[0, 0]
    for steps, first in (
        (noisy.diff(dim=0).abs().sum(1), grid[0]),
        (noisy.diff(dim=1).abs().sum(0), grid[1]),
    ):
        by_place = [steps[place::8].mean() for place in range(8)]
        assert (int(np.argmax(by_place)) + 1 + first) % 8 == 0


@pytest.mark.parametrize("method", METHODS)
def test_demosaicing_spreads_noise_to_neighbours(method):
    shot = plain_shot(
        noise=noise_of(1, shot=0.002, read=0.0001), demosaicing=torch.tensor([method])
    )
    clean, noisy = taken(flat_scene(0.3, 200), shot, (200, 200))
    assert min(neighbour_correlation(noisy - clean)) > 0.15


def test_noise_grows_with_the_sensitivity(colour):
    made = [BatchDegrader(parse_degradation(f"camera:{iso}"), SIZE) for iso in (100, 800, 6400)]
    scenes = of_scenes(colour, 16, SIZE + 2 * made[0].margin)
    batches = [each(scenes, seeded()) for each in made]
    low, middle, high = (
        (batch.noisy - batch.clean).std((1, 2, 3)).median().item() for batch in batches
    )
    assert middle > 1.4 * low
    assert high > 1.8 * middle


def test_noise_depends_on_the_tone():
    noise = noise_of(1, shot=0.004, read=0.0002)
    deviations = {}
    for level in (0.05, 0.3, 0.8):
        clean, noisy = taken(flat_scene(level, 96), plain_shot(noise=noise), (96, 96))
        deviations[level] = (noisy - clean).std().item()
    assert max(deviations.values()) > 1.5 * min(deviations.values())


@pytest.mark.parametrize("channels", [1, 3])
def test_no_scene_and_no_sensitivity_leads_out_of_the_range(channels, colour):
    step = CameraStep(EVERY_ISO, 20)
    side = 20 + 2 * step.margin
    shape = channels, side, side
    mixed = torch.randint(2, (24, *shape), generator=seeded()).float()
    scenes = torch.cat([torch.zeros(12, *shape), torch.ones(12, *shape), mixed])
    outcome = step(scenes, seeded(), None)
    for image in (outcome.clean, outcome.noisy):
        assert image.shape == (48, channels, 20, 20)
        assert ((image >= 0) & (image <= 1)).all()  # NaN is neither


def test_a_gray_scene_is_taken_as_the_luma_of_its_photograph(gray):
    step = CameraStep(Levels(800, 800), 20)
    side = 20 + 2 * step.margin
    scene = planes(gray[:side, :side]).repeat(6, 1, 1, 1)
    one = step(scene, seeded(), None)
    three = step(scene.expand(-1, 3, -1, -1), seeded(), None)
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    torch.testing.assert_close(one.clean, (three.clean * weights).sum(1, keepdim=True))
    torch.testing.assert_close(one.noisy, (three.noisy * weights).sum(1, keepdim=True))


def test_nothing_is_made_but_on_the_scenes_device(colour):
    step = CameraStep(Levels(100, 1600), 20)
    scenes = of_scenes(colour, 4, 20 + 2 * step.margin)
    expected = step(scenes, seeded(), None)
    with torch.device("meta"):  # where a tensor lands that is made without a device
        found = step(scenes, torch.Generator("cpu").manual_seed(0), None)
    assert torch.equal(found.noisy, expected.noisy)
    assert torch.equal(found.clean, expected.clean)


def test_an_images_first_pixel_begins_a_block(monkeypatch, colour):
    """What is a JPEG file already hardly changes in the same blocks, and does in others."""
    shot = plain_shot(
        compressed=~NO, quality=torch.tensor([30.0]), halved=~NO, grid=torch.tensor([[5, 10]])
    )
    monkeypatch.setattr("imgclean.degradation.camera.image.draw_shot", lambda *_: shot)
    noisy = photograph_image(colour / 255, Levels(1, 1), np.random.RandomState(0)).noisy
    image = torch.from_numpy(noisy).permute(2, 0, 1)[None].float()
    lost = []
    for first in (0, 4):
        part = image[..., first : 96 + first, first : 96 + first]
        again = jpeg_losses(part, torch.tensor([30.0]), ~NO)
        lost.append((again - part)[..., 16:-16, 16:-16].abs().mean().item())
    assert lost[0] < 0.2 * lost[1]


def test_dark_scenes_of_any_colour_are_among_the_photographs():
    light = draw_shot(Levels(100, 100), 4000, seeded()).light
    green = light[:, 1]
    assert 0.55 < (light == 1).all(1).float().mean() < 0.65
    assert green.min() < 0.1 <= green[green < 1].median() < 0.5
    cast = light[green < 0.6] / green[green < 0.6, None]
    assert 0.15 < cast[:, 0].log().std() < 0.25
    assert 0.15 < cast[:, 2].log().std() < 0.25


def test_little_light_darkens_what_is_learnt_and_what_is_seen_alike(colour):
    scene = planes(colour)
    bright = taken(scene, plain_shot(), (SIZE, SIZE))
    dark = taken(scene, plain_shot(light=torch.full((1, 3), 0.25)), (SIZE, SIZE))
    assert dark.clean.mean() < 0.7 * bright.clean.mean()
    assert (dark.clean - dark.noisy).abs().max() < 1 / 255
