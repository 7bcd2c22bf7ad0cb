import numpy as np
import pytest
import torch

import imgclean
from imgclean import Tiling
from imgclean.errors import PluginBroken
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.extension.import_string import resolve
from imgclean.extension.loader import load_plugins
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import read_config

CPU = torch.device("cpu")


def test_the_public_names_are_these_and_each_resolves():
    assert imgclean.__all__ == [
        "HOOK_API",
        "DenoiseRequest",
        "ForeignCheckpoint",
        "ImgcleanError",
        "ModelInfo",
        "Published",
        "Raster",
        "Recognised",
        "Tiling",
        "TrainJob",
        "TrainResult",
        "Window",
        "__version__",
        "denoise",
        "hookimpl",
        "load",
    ]
    assert all(getattr(imgclean, name) is not None for name in imgclean.__all__)
    with pytest.raises(AttributeError):
        imgclean.denoize  # noqa: B018 - the access is what is tested


def test_only_the_owning_plugin_is_asked():
    registry = load_plugins()
    model = registry.model("dncnn")
    answers = registry.hook("imgclean_models", model.plugin)()
    assert [[info.name for info in each] for each in answers] == [["dncnn"]]
    assert registry.model(model.key).key == "imgclean-dncnn:dncnn"


@pytest.mark.parametrize("text", ["torch", "torch:", ":nn", "no_such_module_x:y", "torch:no_such"])
def test_an_import_string_that_leads_nowhere_is_a_typed_error(text):
    with pytest.raises(PluginBroken):
        resolve(text)


@pytest.mark.parametrize("bad", [{"halo": -1}, {"halo": 1, "alignment": 0}])
def test_tiling_is_checked(bad):
    with pytest.raises(ValueError, match="halo"):
        Tiling(**bad)


def denoise(folder, image, plugin_denoise, **settings):
    info = load_plugins().model("dncnn").info
    weights = WeightSet(read_config(folder), folder)
    denoiser = Denoiser(info, weights, InferenceSettings(**settings), CPU, plugin_denoise)
    sink = ArraySink(image.shape)
    denoiser.denoise(ArrayRaster(image), sink, dtype=np.dtype(np.float32))
    return sink.values


def test_a_plugin_can_run_several_passes_with_an_image_between_them(small_set):
    image = np.random.default_rng(0).random((3, 90, 70), np.float32)
    seen = []

    def two_passes(model, image, request):
        seen.append(request)
        assert image.shape == (3, 90, 70)
        brighter = request.run_tiles(lambda x: x + 0.25, image, halo=0)
        return request.run_tiles(
            lambda x: x.mean(1, keepdim=True).expand(-1, 3, -1, -1) * 2, brighter, halo=2
        )

    result = denoise(small_set, image, two_passes, sigma=25.5, tile=32)
    expected = np.broadcast_to((image + 0.25).mean(0) * 2, image.shape)
    np.testing.assert_allclose(result, expected, atol=1e-6)
    assert seen[0].sigma == pytest.approx(0.1)
    assert seen[0].device == "cpu"


def test_a_plugin_gets_the_clean_image_where_an_evaluation_has_it(small_set):
    image, clean = np.random.default_rng(0).random((2, 3, 30, 40), np.float32)
    seen = []

    def as_known(model, image, request):
        seen.append(request.clean)
        return request.clean or image

    info = load_plugins().model("dncnn").info
    weights = WeightSet(read_config(small_set), small_set)
    restorer = ModelRestorer(Denoiser(info, weights, InferenceSettings(), CPU, as_known))
    dtype = np.dtype(np.uint8)
    np.testing.assert_array_equal(restorer.restore(image, dtype, clean), clean)
    np.testing.assert_array_equal(restorer.restore(image, dtype), image)
    assert seen[1] is None


def test_strength_applies_to_a_plugins_own_way_too(small_set):
    image = np.random.default_rng(0).random((3, 40, 40), np.float32)
    result = denoise(
        small_set,
        image,
        lambda model, image, request: request.run_tiles(torch.zeros_like, image, halo=0),
        strength=0.25,
    )
    np.testing.assert_allclose(result, image * 0.75, atol=1e-6)


def test_none_from_a_plugin_means_the_cores_way(small_set):
    image = np.random.default_rng(0).random((3, 40, 40), np.float32)
    asked = []
    theirs = denoise(small_set, image, lambda **request: asked.append(request))
    np.testing.assert_array_equal(theirs, denoise(small_set, image, lambda **_: None))
    assert len(asked) == 1


def test_a_result_that_is_not_finite_in_bf16_is_computed_again_in_fp32(small_set, monkeypatch):
    monkeypatch.setattr("imgclean.inference.device.has_bf16", lambda _: True)
    tried = []

    def overflows_in_bf16(model, image, request):
        tried.append(request.precision)
        value = float("inf") if request.precision == "bf16" else 0.5
        return request.run_tiles(lambda x: torch.full_like(x, value), image, halo=0)

    image = np.zeros((3, 40, 40), np.float32)
    result = denoise(small_set, image, overflows_in_bf16, precision="bf16")
    assert tried == ["bf16", "fp32"]
    assert (result == 0.5).all()


def test_an_exception_in_the_second_try_is_named_too(small_set):
    def fails(model, image, request):
        if request.precision == "fp32":
            raise ZeroDivisionError
        return request.run_tiles(lambda x: x / 0, image, halo=0)

    with pytest.raises(imgclean.ImgcleanError, match="dncnn failed"):
        denoise(small_set, np.ones((3, 20, 20), np.float32), fails, precision="bf16")


def test_an_exception_in_a_plugin_fails_the_image_and_names_the_model(small_set):
    def broken(**_):
        raise ZeroDivisionError("division by zero")

    with pytest.raises(imgclean.ImgcleanError, match="dncnn failed: ZeroDivisionError"):
        denoise(small_set, np.zeros((3, 20, 20), np.float32), broken)
