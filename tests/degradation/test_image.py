import io

import numpy as np
import pytest
from PIL import Image

from imgclean.degradation.image import degrade_image
from imgclean.degradation.jpeg2000 import encode_jpeg2000
from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import InvalidSetting

LUMA = np.array([65.481, 128.553, 24.966]) / 255


def degrade(image, text, seed=0):
    return degrade_image(image, parse_degradation(text), seed=seed).noisy


def psnr(noisy, image):
    return -10 * np.log10(np.mean((noisy - image / 255) ** 2))


@pytest.mark.parametrize(
    "text",
    [
        *("gaussian:10-50", "poisson:1-8", "poisson-gaussian:2-9,5-30", "jpeg:5-99"),
        *(
            "camera",
            "camera:1600",
            "jpeg2000:0.2-2",
            "gaussian:25+jpeg:40",
            "gaussian:25|poisson:4|jpeg:10|bicubic:2",
        ),
    ],
)
def test_what_happens_depends_on_the_seed_alone(text, colour):
    results = [degrade(colour, text, seed) for seed in (7, 7, *range(8))]
    np.testing.assert_array_equal(results[0], results[1])
    assert any(not np.array_equal(results[0], other) for other in results[2:])


@pytest.mark.parametrize("text", ["poisson:4", "poisson-gaussian:4,20"])
def test_the_variance_of_shot_noise_grows_with_the_signal(text):
    sigma = 20 / 255 if "gaussian" in text else 0
    for level in (0, 26, 128, 255):
        noisy = degrade(np.full((200, 200, 3), level, np.uint8), text)
        assert noisy.mean() == pytest.approx(level / 255, abs=0.008)
        assert noisy.var() == pytest.approx(level / 255 / 4 + sigma**2, rel=0.05)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_libjpegs_with_colour_at_half_the_resolution(channels, colour):
    image = colour[..., :channels]
    stream = io.BytesIO()
    Image.fromarray(image.squeeze()).save(stream, "JPEG", quality=30, subsampling="4:2:0")
    expected = np.asarray(Image.open(stream)).reshape(image.shape)
    np.testing.assert_array_equal(degrade(image, "jpeg:30") * 255, expected)


def test_codecs_clip_and_round_what_they_get(gray):
    for codec in ("jpeg:100", "jpeg2000:8"):
        noisy = degrade(gray, f"gaussian:120+{codec}") * 255
        np.testing.assert_allclose(noisy, np.rint(noisy), atol=1e-9)
        assert (noisy.min(), noisy.max()) == (0, 255)


def test_codecs_take_sixteen_bits_as_eight(gray):
    wide = gray.astype(np.uint16) * 257
    for codec in ("jpeg:30", "jpeg2000:0.5"):
        np.testing.assert_array_equal(degrade(wide, codec), degrade(gray, codec))


@pytest.mark.parametrize("rate", [0.15, 0.3, 1, 4])
def test_jpeg_2000_files_have_the_rate_asked_for(rate, colour):
    for image in (np.tile(colour, (3, 3, 1)), np.tile(colour[..., 0], (3, 3))):
        pixels = image.shape[0] * image.shape[1]
        size = len(encode_jpeg2000(image, pixels * rate / 8))
        assert size * 8 / pixels == pytest.approx(rate, rel=0.03)


def jpeg_bytes(image, quality):
    stream = io.BytesIO()
    Image.fromarray(image.squeeze()).save(stream, "JPEG", quality=quality, subsampling="4:2:0")
    return len(stream.getvalue())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("text", ["jpeg:30", "jpeg:80+jpeg:30", "bicubic:2+jpeg:30"])
def test_the_bits_per_pixel_are_those_of_the_file_that_the_last_codec_made(channels, text, colour):
    image = colour[:100, :120, :channels]
    parts = text.rpartition("+")
    before = np.rint((degrade(image, parts[0]) if parts[1] else image / 255) * 255).clip(0, 255)
    bits = degrade_image(image, parse_degradation(text), seed=0).bits_per_pixel
    expected = jpeg_bytes(before.astype(np.uint8), 30) * 8 / (100 * 120)
    assert bits == pytest.approx(expected, rel=0.001)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_jpeg_2000_has_the_bits_per_pixel_asked_for(channels, colour):
    image = np.tile(colour[..., :channels], (3, 3, 1))
    degraded = degrade_image(image, parse_degradation("jpeg2000:0.8"), seed=0)
    assert degraded.bits_per_pixel == pytest.approx(0.8, rel=0.03)


@pytest.mark.parametrize("text", ["gaussian:25", "bicubic:2", "poisson:4", "jpeg:10+gaussian:5"])
def test_what_was_not_compressed_last_has_no_bits_per_pixel(text, gray):
    assert degrade_image(gray, parse_degradation(text), seed=0).bits_per_pixel is None


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_higher_rate_of_jpeg_2000_leaves_more_of_the_image(channels, colour):
    image = colour[..., :channels]
    psnrs = [psnr(degrade(image, f"jpeg2000:{rate}"), image) for rate in (0.2, 0.5, 1, 2)]
    assert psnrs == sorted(psnrs)
    assert psnrs[-1] > psnrs[0] + 5


def test_a_level_in_a_range_is_drawn_for_each_seed(gray):
    flat = np.full_like(gray, 128)
    levels = [np.std(degrade(flat, "gaussian:10-50", seed) - 128 / 255) * 255 for seed in range(9)]
    assert min(levels) > 9
    assert max(levels) < 52
    assert max(levels) - min(levels) > 15


def test_of_a_choice_one_alternative_is_drawn_for_each_seed(gray):
    made = {text: degrade(gray, text) for text in ("bicubic:2", "jpeg:10", "jpeg:50")}
    drawn = [degrade(gray, "|".join(made), seed) for seed in range(20)]
    matching = [[name for name, one in made.items() if np.array_equal(one, got)] for got in drawn]
    assert all(len(each) == 1 for each in matching)
    assert {each[0] for each in matching} == set(made)


def test_the_parts_of_a_chain_follow_each_other(gray):
    first = degrade_image(gray, parse_degradation("jpeg:10"), seed=0).noisy
    again = np.rint(first * 255).astype(np.uint8)
    both = degrade_image(gray[:100, :100], parse_degradation("bicubic:2+bicubic:3"), seed=0)
    np.testing.assert_array_equal(degrade(gray, "jpeg:10+jpeg:50"), degrade(again, "jpeg:50"))
    assert both.clean.shape == both.noisy.shape == (96, 96, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_comes_after_a_camera_happens_to_its_photograph(channels, colour):
    image = colour[:64, :80, :channels]
    photograph = degrade_image(image, parse_degradation("camera:1600"), seed=4)
    chain = degrade_image(image, parse_degradation("camera:1600+jpeg:80"), seed=4)
    assert chain.clean.dtype == np.uint8
    np.testing.assert_array_equal(chain.clean, photograph.clean)
    levels = np.rint(photograph.noisy * 255).astype(np.uint8)
    np.testing.assert_array_equal(chain.noisy, degrade(levels, "jpeg:80"))


def test_a_photograph_of_sixteen_bits_is_clean_in_sixteen_bits(gray):
    wide = gray[:40, :40].astype(np.uint16) * 257
    deep, flat = (
        degrade_image(each, parse_degradation("camera:100"), seed=0)
        for each in (wide, gray[:40, :40])
    )
    assert deep.clean.dtype == np.uint16
    assert len(np.unique(deep.clean % 257)) > 50
    np.testing.assert_array_equal(deep.noisy, flat.noisy)


@pytest.mark.parametrize("text", ["pairs", "gaussian:25|pairs"])
def test_what_only_names_a_domain_cannot_be_applied(text, gray):
    with pytest.raises(InvalidSetting) as caught:
        degrade(gray, text)
    assert "gaussian:25" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "expected"),
    [("classic5", (27.82, 30.12, 31.48, 32.43)), ("live1", (27.77, 30.07, 31.41, 32.35))],
)
def test_the_fields_jpeg_figures_come_out(name, expected, read_set):
    images = [
        each if each.shape[2] == 1 else np.rint(each @ LUMA + 16).astype(np.uint8)[..., None]
        for each in read_set(name)
    ]
    for quality, figure in zip((10, 20, 30, 40), expected, strict=True):
        psnrs = [psnr(degrade(image, f"jpeg:{quality}"), image) for image in images]
        assert np.mean(psnrs) == pytest.approx(figure, abs=0.006)
