"""A run says where images' noise is not what the weights were trained for."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from skimage import data

from imgclean.degradation.image import degrade_image
from imgclean.degradation.parsing import parse_degradation
from imgclean.events import Note, Warned
from imgclean.images.pixels import sample_range
from imgclean.images.rasters import MemorySamples, PixelRaster
from imgclean.inference.noise_watch import MISMATCH, NoiseWatch, said_once
from imgclean.inference.settings import InferenceSettings

SCENE = data.astronaut()[:300, :300]


def with_noise(spec):
    """Return astronaut with noise, uint8."""
    noisy = degrade_image(SCENE, parse_degradation(spec), seed=1).noisy
    return np.rint(noisy.clip(0, 1) * 255).astype(np.uint8)


def smooth():
    rows, columns = np.mgrid[:200, :200]
    return np.repeat((60 + rows // 4 + columns // 4)[..., None], 3, 2).astype(np.uint8)


def denoiser(noise="gaussian:0-55", *, needs_weights=True, **settings):
    config = SimpleNamespace(name="the-set", domain=parse_degradation(noise))
    return SimpleNamespace(
        settings=InferenceSettings(**settings),
        info=SimpleNamespace(needs_weights=needs_weights),
        weights=SimpleNamespace(config=config),
    )


@pytest.fixture
def told():
    return []


def raster(samples):
    return PixelRaster(MemorySamples(samples), sample_range(samples))


@pytest.fixture
def look(told):
    watch = NoiseWatch(told.append)

    def look(samples, cleaner, name="a.png"):
        watch.look(Path(name), raster(samples), cleaner)
        return told

    return look


def test_white_noise_before_weights_for_photographs_is_said_with_its_level_and_what_to_do(look):
    (warning,) = look(with_noise("gaussian:25"), denoiser("camera"))
    assert isinstance(warning, Warned)
    assert (warning.input, warning.error) == ("a.png", MISMATCH)
    assert "white noise of 25." in warning.message or "white noise of 24." in warning.message
    assert "the-set was not trained for it (--sigma 2" in warning.message


def test_a_cameras_noise_before_weights_for_white_noise_is_said(look):
    (warning,) = look(with_noise("camera:3200"), denoiser())
    assert "not gaussian:0-55" in warning.message


@pytest.mark.parametrize(
    ("image", "cleaner"),
    [
        ("gaussian:25", denoiser()),
        ("camera:3200", denoiser("camera")),
        ("gaussian:25", denoiser("camera", sigma=25.0)),
        ("gaussian:25", denoiser("camera", task="deblock")),
        ("gaussian:25", denoiser("camera", strength=0.0)),
        ("gaussian:25", denoiser("camera", needs_weights=False)),
    ],
)
def test_nothing_is_said_where_noise_and_weights_go_together_or_the_user_knows(
    look, image, cleaner
):
    assert look(with_noise(image), cleaner) == []


def test_each_thing_is_said_once_in_a_run_and_the_other_one_still(look):
    noisy = with_noise("gaussian:25")
    look(noisy, denoiser("camera"), "first.png")
    look(noisy, denoiser("camera"), "second.png")
    told = look(smooth(), denoiser("camera"), "third.png")
    look(smooth(), denoiser("camera"), "fourth.png")
    warning, note = told
    assert warning.input == "first.png"
    assert isinstance(note, Note)
    assert note.message.startswith("third.png is nearly clean, its noise of 0.")


def test_the_texture_of_a_clean_photograph_is_not_taken_for_noise(look):
    assert not [each for each in look(SCENE, denoiser("camera")) if isinstance(each, Warned)]


def test_an_image_too_small_says_nothing(look):
    assert look(np.zeros((3, 5, 3), np.uint8), denoiser("camera")) == []


def test_of_two_processes_that_say_the_same_one_is_heard():
    warnings = [Warned(error=MISMATCH, input=name, message=name) for name in "ab"]
    notes = [Note(message=name, topic="nearly clean") for name in "ab"]
    assert len({said_once(each) for each in (*warnings, *notes)}) == 2
    assert said_once(Note(message="a")) != said_once(Note(message="b"))


def test_who_has_named_the_weights_is_not_told_of_an_option_that_changes_nothing(
    told,
):
    watch = NoiseWatch(told.append, named=True)
    watch.look(Path("a.png"), raster(with_noise("gaussian:25")), denoiser("camera"))
    (warning,) = told
    assert "--sigma" not in warning.message
    assert "without --weights others may be taken" in warning.message


def test_weights_for_strong_noise_alone_do_not_leave_a_clean_image_as_it_is(look):
    (warning,) = look(smooth(), denoiser("gaussian:50"))
    assert warning.error == MISMATCH
    assert "nearly as it is" not in warning.message


def test_a_large_folder_is_looked_at_in_its_first_images_alone(told):
    watch = NoiseWatch(told.append)
    fitting = raster(with_noise("camera:3200")[:120, :120])
    for _ in range(32):
        watch.look(Path("a.png"), fitting, denoiser("camera"))
    watch.look(Path("late.png"), raster(with_noise("gaussian:25")), denoiser("camera"))
    assert told == []
