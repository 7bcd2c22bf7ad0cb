"""Options of a model that a run lays over those of the weight set."""

import numpy as np
import pytest
import torch
from material import noise_image, write_small_set
from PIL import Image
from shift_model import SHIFT, write_shift_set

from imgclean.cli.exit_codes import SETUP, USAGE, exit_code_of
from imgclean.errors import InvalidSetting, WeightsIncompatible
from imgclean.extension.loader import load_plugins
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.plan import FileRules, make_plan
from imgclean.inference.run import run_here
from imgclean.inference.selection import COLOUR, GRAY, Selection, require_choice
from imgclean.inference.settings import InferenceSettings
from imgclean.inference.treatment import Denoising
from imgclean.weightsets.catalogue import Catalogue, WeightSet
from imgclean.weightsets.config import read_config

CPU = torch.device("cpu")
PREDICT_IMAGE = {"residual": False}  # DnCNN's output in place of the input less that


def denoiser_of(folder, options):
    weights = WeightSet(read_config(folder), folder)
    settings = InferenceSettings(device="cpu", options=options)
    return Denoiser(load_plugins().model("dncnn").info, weights, settings, CPU)


def cleaned(denoiser, image):
    sink = ArraySink(image.shape)
    denoiser.denoise(ArrayRaster(image), sink, dtype=image.dtype)
    return sink.values


def test_the_network_is_built_with_the_options_of_the_run(small_set):
    image = np.random.default_rng(0).random((3, 40, 50), np.float32)
    own, other = (cleaned(denoiser_of(small_set, each), image) for each in ({}, PREDICT_IMAGE))
    np.testing.assert_allclose(own + other, image, atol=1e-6)


def test_tiles_overlap_as_far_as_the_options_of_the_run_ask_for(tmp_path):
    image = np.random.default_rng(0).random((3, 40, 80), np.float32)
    settings = InferenceSettings(tile=16, options={"shift": 5})
    denoiser = Denoiser(SHIFT, write_shift_set(tmp_path), settings, CPU)
    moved = np.pad(image, ((0, 0), (0, 0), (5, 0)), mode="edge")[..., :80]
    np.testing.assert_array_equal(cleaned(denoiser, image), moved)


def test_a_plugin_with_passes_of_its_own_is_told_the_options_of_the_run(tmp_path):
    told = []

    def own_way(model, image, request):
        told.append(dict(request.options))
        return image

    settings = InferenceSettings(options={"shift": 5})
    denoiser = Denoiser(SHIFT, write_shift_set(tmp_path), settings, CPU, own_way)
    cleaned(denoiser, np.zeros((3, 20, 20), np.float32))
    assert told == [{"channels": 3, "shift": 5}]


def test_the_identity_differs_where_the_result_does(small_set):
    own, same, other = (
        denoiser_of(small_set, each).identity for each in ({}, {"residual": True}, PREDICT_IMAGE)
    )
    assert own == same
    assert own != other


REFUSED = {
    "an unknown option": (
        {"atention": "local"},
        (InvalidSetting, USAGE),
        "dncnn has no option 'atention'",
        "its options are depth, width, batch_norm, residual, initialisation",
    ),
    "a value that it cannot take": (
        {"initialisation": "huge"},
        (InvalidSetting, USAGE),
        "options of dncnn: initialisation: Input should be 'he', 'dirac' or 'small-gain'",
        "imgclean models dncnn",
    ),
    "the channels": (
        {"channels": 1},
        (InvalidSetting, USAGE),
        "channels cannot be set: dncnn-small is for 3",
        "name another weight set",
    ),
    "other layers": (
        {"depth": 5},
        (WeightsIncompatible, SETUP),
        "dncnn-small does not fit dncnn with depth=5: it lacks ",
        "an option that changes the weights belongs to training",
    ),
    "tensors of another shape": (
        {"residual": False, "width": 8},
        (WeightsIncompatible, SETUP),
        "dncnn-small does not fit dncnn with residual=false, width=8: ",
        "an option that changes the weights belongs to training",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_model_or_its_weights_do_not_allow_is_refused(case, small_set):
    options, (kind, code), message, hint = REFUSED[case]
    with pytest.raises(kind) as caught:
        denoiser_of(small_set, options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert hint in caught.value.hint
    assert exit_code_of(caught.value) == code


def test_a_run_on_several_devices_refuses_an_option_before_the_workers_start(small_set):
    settings = InferenceSettings(options={"atention": "local"})
    with pytest.raises(InvalidSetting, match="dncnn has no option 'atention'"):
        require_choice(load_plugins(), settings, model=None, weights=str(small_set))


def test_the_sets_for_colour_and_for_gray_images_both_get_the_options(small_set, tmp_path):
    gray = write_small_set(tmp_path / "gray", channels=1)
    sets = {each.name: WeightSet(read_config(each), each) for each in (small_set, gray)}
    settings = InferenceSettings(device="cpu", options=PREDICT_IMAGE)
    selection = Selection(load_plugins(), settings, model="dncnn", catalogue=Catalogue(sets, ()))
    provenance = [selection.denoiser(kind).provenance for kind in (COLOUR, GRAY)]
    assert ["dncnn-small" in provenance[0], "dncnn-gray" in provenance[1]] == [True, True]
    assert all("; residual=false" in each for each in provenance)


@pytest.fixture
def clean(small_set, tmp_path):
    """Clean the folder `noisy` to `out` with some options; give the names of its events."""
    (tmp_path / "noisy").mkdir()
    Image.fromarray(noise_image()).save(tmp_path / "noisy/a.png")

    def run(options):
        events = []
        settings = InferenceSettings(device="cpu", options=options)
        selection = Selection(load_plugins(), settings, weights=str(small_set))
        rules = FileRules(output=str(tmp_path / "out"), resume=True)
        plan = make_plan([tmp_path / "noisy"], rules)
        treatment = Denoising(selection, events.append)
        run_here(plan, treatment, rules, events.append, image_rules=ImageRules())
        names = [each.event for each in events if hasattr(each, "event")]
        return [each for each in names if each in ("done", "skipped", "failed")]

    return run


def test_a_resumed_run_with_another_option_makes_the_image_anew(clean):
    assert clean({}) == ["done"]
    assert clean({}) == ["skipped"]
    assert clean(PREDICT_IMAGE) == ["done"]
    assert clean(PREDICT_IMAGE) == ["skipped"]


def test_a_clean_image_says_with_which_option_it_was_made(clean, tmp_path):
    clean(PREDICT_IMAGE)
    assert b"; residual=false" in (tmp_path / "out/a.png").read_bytes()
