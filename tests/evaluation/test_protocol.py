import io

import numpy as np
import pytest
from PIL import Image

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import InvalidSetting, NonFiniteOutput
from imgclean.evaluation.colours import in_colour
from imgclean.evaluation.protocol import measure, measure_pairs
from imgclean.events import EvaluatedImage, Progressed, ignore
from imgclean.images.collection import CleanImages
from imgclean.images.pairs import ImagePairs


def test_a_set_has_the_means_of_its_images(waves, unchanged):
    events = []
    line = measure(
        waves,
        parse_degradation("gaussian:25"),
        unchanged,
        seed=0,
        emit=events.append,
        per_image=True,
    )
    images = [each for each in events if isinstance(each, EvaluatedImage)]
    assert [each.image for each in images] == list(waves.names)
    for name in ("psnr", "ssim", "input_psnr", "input_ssim"):
        mean = np.mean([getattr(each, name) for each in images])
        assert getattr(line, name) == pytest.approx(mean, abs=2e-4)
    assert (line.set, line.degradation, line.images) == ("waves", "gaussian:25", 2)
    assert (line.model, line.weights) == ("unchanged", "unchanged")
    assert line.psnr > line.input_psnr  # clipping alone
    assert [each.share for each in events if isinstance(each, Progressed)] == [0, 0.5, 1]


def test_an_unrounded_set_keeps_what_clamping_and_rounding_would_change(waves, unchanged):
    noise = parse_degradation("gaussian:25")
    line = measure(waves, noise, unchanged, seed=0, emit=ignore, unrounded=True)
    assert (line.psnr, line.ssim) == pytest.approx((line.input_psnr, line.input_ssim), abs=1e-4)


@pytest.mark.parametrize("colour", ["rgb", "y"])
def test_the_bits_per_pixel_are_the_mean_of_the_files_that_the_codec_made(waves, unchanged, colour):
    events = []
    jpeg = parse_degradation("jpeg:10")
    how = {"seed": 0, "emit": events.append, "colour": colour, "per_image": True}
    line = measure(waves, jpeg, unchanged, **how)
    rates = []
    for image in waves.images:
        stream = io.BytesIO()
        shown = in_colour(image, colour).squeeze()
        Image.fromarray(shown).save(stream, "JPEG", quality=10, subsampling="4:2:0")
        rates.append(8 * len(stream.getvalue()) / (50 * 61))
    images = [each.bits_per_pixel for each in events if isinstance(each, EvaluatedImage)]
    assert images == pytest.approx(rates, rel=0.01)
    assert line.bits_per_pixel == pytest.approx(np.mean(rates), rel=0.01)


@pytest.mark.parametrize(
    ("spec", "compressed"),
    [("gaussian:25", False), ("bicubic:2+jpeg:10", True), ("jpeg:10+gaussian:5", False)],
)
def test_there_are_bits_per_pixel_only_where_compression_comes_last(
    waves, unchanged, spec, compressed
):
    events = []
    noise = parse_degradation(spec)
    line = measure(waves, noise, unchanged, seed=0, emit=events.append, per_image=True)
    lines = [line, *(each for each in events if isinstance(each, EvaluatedImage))]
    assert [each.bits_per_pixel is not None for each in lines] == [compressed] * 3


def test_pairs_are_measured_as_they_are(waves, unchanged):
    noisy = tuple(each // 2 for each in waves.images)
    pairs = ImagePairs("real", waves.names, waves.images, noisy)
    line = measure_pairs(pairs, unchanged, emit=ignore)
    assert (line.set, line.degradation) == ("real", "pairs")
    assert line.psnr == line.input_psnr
    assert line.bits_per_pixel is None
    halved = [
        np.mean((each - half.astype(float)) ** 2)
        for each, half in zip(waves.images, noisy, strict=True)
    ]
    assert line.psnr == pytest.approx(np.mean(10 * np.log10(255**2 / np.array(halved))), abs=1e-3)


@pytest.mark.parametrize("spec", ["gaussian:0-55", "gaussian:25|jpeg:10", "jpeg:5-99", "pairs"])
def test_only_one_level_can_be_measured(waves, unchanged, spec):
    with pytest.raises(InvalidSetting) as caught:
        measure(waves, parse_degradation(spec), unchanged, seed=0, emit=ignore)
    assert caught.value.hint


def test_an_image_that_cannot_be_cleaned_is_named(waves):
    class Broken:
        name = weights = "broken"

        def restore(self, planes, dtype, truth=None):
            raise NonFiniteOutput("the model returned NaN or infinity")

    with pytest.raises(NonFiniteOutput, match=r"^0\.png: the model returned NaN"):
        measure(waves, parse_degradation("gaussian:25"), Broken(), seed=0, emit=ignore)


@pytest.mark.parametrize("spec", ["gaussian:25", "jpeg:10", "bicubic:2"])
def test_what_should_come_out_is_known_to_who_is_measured(waves, spec):
    class Knowing:
        name = weights = "knowing"

        def restore(self, planes, dtype, truth=None):
            assert truth.shape == planes.shape
            return truth

    line = measure(waves, parse_degradation(spec), Knowing(), seed=0, emit=ignore)
    assert line.psnr > 120


def test_images_of_one_size_have_noise_of_their_own(waves, unchanged):
    twins = CleanImages("twins", ("a.png", "b.png"), (waves.images[0],) * 2)
    events = []
    noise = parse_degradation("gaussian:25")
    measure(twins, noise, unchanged, seed=7, emit=events.append, per_image=True)
    first, second = (each for each in events if isinstance(each, EvaluatedImage))
    assert first.input_psnr != second.input_psnr
    alone = CleanImages("alone", ("b.png",), (waves.images[0],))
    assert measure(alone, noise, unchanged, seed=8, emit=ignore).input_psnr == second.input_psnr
