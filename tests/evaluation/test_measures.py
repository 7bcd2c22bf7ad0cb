"""What is measured beside PSNR and SSIM."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import InvalidSetting
from imgclean.evaluation.measures import (
    Measure,
    make_measures,
    means,
    require_measures,
    take,
    window_of,
)
from imgclean.evaluation.protocol import measure
from imgclean.evaluation.results import as_results
from imgclean.evaluation.trials import Trial, smallest_side
from imgclean.events import EvaluatedImage, ignore

BLUR = make_measures(["blur"], ignore)
NOISE = parse_degradation("gaussian:25")
UNASKED = {"blur", "clean_blur", "lpips", "input_lpips"}


def unasked(line):
    return {name for name in UNASKED if getattr(line, name) is None}


@pytest.mark.parametrize(
    ("name", "hint"), [("blr", "did you mean blur?"), ("fid", "there is blur, lpips")]
)
def test_a_measure_that_there_is_not_is_refused_with_the_nearest(name, hint):
    with pytest.raises(InvalidSetting, match=f"no measure '{name}'") as caught:
        require_measures(["blur", name])
    assert caught.value.hint == hint


def test_a_measure_that_is_named_twice_is_taken_once():
    assert require_measures(["blur", "blur"]) == ("blur",)
    assert require_measures([]) == ()


def test_nothing_is_taken_where_nothing_is_asked_for(waves, unchanged):
    events = []
    line = measure(waves, NOISE, unchanged, seed=0, emit=events.append, per_image=True)
    assert unasked(line) == UNASKED
    assert all(unasked(each) == UNASKED for each in events if isinstance(each, EvaluatedImage))


def test_a_measure_changes_no_other_figure(waves, unchanged):
    plain = measure(waves, NOISE, unchanged, seed=0, emit=ignore)
    line = measure(waves, NOISE, unchanged, seed=0, emit=ignore, measures=BLUR)
    assert unasked(line) == {"lpips", "input_lpips"}
    for name in ("psnr", "ssim", "input_psnr", "input_ssim"):
        assert getattr(line, name) == getattr(plain, name)


def test_blur_of_equal_images_is_equal_and_noise_has_less(waves, unchanged):
    none = measure(waves, parse_degradation("gaussian:0"), unchanged, **how())
    noisy = measure(waves, NOISE, unchanged, **how())
    assert none.blur == none.clean_blur == noisy.clean_blur
    assert noisy.blur < noisy.clean_blur - 0.1


def test_a_set_has_the_mean_of_its_images(waves, unchanged):
    events = []
    line = measure(
        waves, NOISE, unchanged, seed=0, emit=events.append, per_image=True, measures=BLUR
    )
    single = [each.blur for each in events if isinstance(each, EvaluatedImage)]
    assert len(set(single)) == 2
    assert line.blur == pytest.approx(np.mean(single), abs=1e-5)


def test_figures_are_of_the_pixels_that_psnr_compares():
    compared = []
    spy = Measure(("blur", "clean_blur"), 11, lambda *images: compared.extend(images) or (0.0, 0.0))
    clean = np.full((20, 16, 3), 100.0)
    trial = Trial(clean, clean / 255, border=3)
    output = np.full((3, 20, 16), 1.5, np.float32)
    assert take([spy], trial, output) == {"blur": 0.0, "clean_blur": 0.0}
    assert [each.shape for each in compared] == [(14, 10, 3)] * 3
    assert compared[1].max() == 255


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_a_mean_lies_between_its_images(values):
    (mean,) = means([{"blur": each} for each in values]).values()
    assert min(values) - 1e-5 <= mean <= max(values) + 1e-5


def test_the_window_is_that_of_the_measure_that_needs_most():
    large = Measure(("lpips", "input_lpips"), 31, lambda *_: (0.0, 0.0))
    assert (window_of(()), window_of(BLUR), window_of([*BLUR, large])) == (11, 11, 31)
    enlarged = [parse_degradation("bicubic:3")]
    assert smallest_side(enlarged, 31) - smallest_side(enlarged) == 20


def test_a_result_holds_what_was_measured_and_a_file_what_it_held_before(waves, unchanged):
    plain, measured = as_results(
        [
            measure(waves, NOISE, unchanged, seed=0, emit=ignore),
            measure(waves, NOISE, unchanged, **how()),
        ]
    )
    assert plain.model_dump().keys().isdisjoint(UNASKED)
    assert '"published_psnr":null' in plain.model_dump_json()
    assert measured.model_dump() == plain.model_dump() | {
        "blur": measured.blur,
        "clean_blur": measured.clean_blur,
    }
    for each in (plain, measured):
        assert type(each).model_validate_json(each.model_dump_json()) == each


def how():
    return {"seed": 0, "emit": ignore, "measures": BLUR}
