from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import imgclean
from imgclean.errors import InvalidSetting, UnknownModel, UnknownWeightSet, UnsupportedImage

SHAPES = [(40, 50), (40, 50, 1), (40, 50, 2), (40, 50, 3), (40, 50, 4)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_dtype_and_shape_come_back_and_alpha_is_untouched(dtype, shape):
    array = np.random.default_rng(0).random(shape)
    if np.issubdtype(dtype, np.integer):
        array = array * np.iinfo(dtype).max
    array = array.astype(dtype)
    before = array.copy()
    clean = imgclean.denoise(array, device="cpu")
    assert (clean.dtype, clean.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(array, before)
    if len(shape) == 3 and shape[2] in (2, 4):
        np.testing.assert_array_equal(clean[..., -1], array[..., -1])
    assert (clean != array).any()


def test_the_default_model_removes_noise():
    y, x = np.mgrid[0:96, 0:96]
    original = np.stack([128 + 60 * np.sin(x / 9), 128 + 60 * np.cos(y / 11), 90 + 0 * x], 2)
    noisy = original + np.random.default_rng(0).normal(0, 25, original.shape)
    clean = imgclean.denoise(noisy.clip(0, 255).astype(np.uint8), device="cpu")
    assert np.mean((clean - original) ** 2) < 0.15 * 25**2


def test_floats_outside_the_unit_range_keep_their_own_range():
    random = np.random.default_rng(0)
    counts = (1000 + 200 * random.standard_normal((64, 64))).astype(np.float32)
    clean = imgclean.denoise(counts, device="cpu")
    assert abs(float(clean.mean()) - 1000) < 30
    assert clean.std() < counts.std()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.int32),
        np.zeros((4,), np.uint8),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((0, 4), np.uint8),
    ],
)
def test_what_is_no_image_is_refused(array):
    with pytest.raises(UnsupportedImage):
        imgclean.denoise(array)


def test_the_byte_order_of_the_array_is_kept():
    array = np.random.default_rng(0).random((20, 20)).astype(">f4")
    clean = imgclean.denoise(array, device="cpu")
    assert clean.dtype == array.dtype
    native = imgclean.denoise(array.astype("<f4"), device="cpu")
    np.testing.assert_array_equal(clean, native)


def test_settings_and_names_are_checked():
    image = np.zeros((16, 16), np.uint8)
    with pytest.raises(InvalidSetting, match="'tensorrt' is not a backend"):
        imgclean.denoise(image, "dncnn", backend="tensorrt")
    with pytest.raises(InvalidSetting):
        imgclean.denoise(image, strength=2)
    with pytest.raises(InvalidSetting):
        imgclean.denoise(image, tile="big")
    with pytest.raises(InvalidSetting):
        imgclean.denoise(image, precision="fp8")
    with pytest.raises(UnknownModel):
        imgclean.denoise(image, "dncn")
    with pytest.raises(UnknownWeightSet):
        imgclean.denoise(image, weights="./nowhere")


def test_load_returns_the_trained_network():
    network = imgclean.load("dncnn")
    assert not network.training
    noisy = 0.5 + 0.1 * torch.randn(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        clean = network(noisy)
    assert (clean - 0.5).std() < 0.3 * (noisy - 0.5).std()
    assert imgclean.load("dncnn", channels=1)(torch.rand(1, 1, 8, 8)).shape == (1, 1, 8, 8)
    named = imgclean.load("dncnn-gray-blind")
    assert named(torch.rand(1, 1, 8, 8)).shape == (1, 1, 8, 8)
    with pytest.raises(UnknownModel) as caught:
        imgclean.load("dncnn-grey-blind")
    assert "dncnn-gray-blind" in caught.value.hint
    with pytest.raises(UnknownWeightSet):
        imgclean.load("nowhere.safetensors")


def test_load_takes_a_folder(small_set):
    assert imgclean.load(str(small_set))(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8, 8)


def test_options_are_laid_over_those_of_the_weight_set(small_set):
    image = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    own = imgclean.denoise(image, weights=str(small_set), precision="fp32", device="cpu")
    options = {"residual": False}
    other = imgclean.denoise(
        image, weights=str(small_set), options=options, precision="fp32", device="cpu"
    )
    np.testing.assert_allclose(own + other, image, atol=1e-5)
    network = imgclean.load(str(small_set), options=options)
    with torch.inference_mode():
        loaded = network(torch.from_numpy(image).permute(2, 0, 1)[None], None)
    np.testing.assert_allclose(loaded[0].permute(1, 2, 0), other, atol=1e-5)


def test_options_that_the_caller_changes_later_change_no_network_in_memory(small_set):
    image = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    options = {"residual": False}

    def clean():
        return imgclean.denoise(image, weights=str(small_set), options=options, device="cpu")

    first = clean()
    options["residual"] = True
    assert (clean() != first).any()


def test_an_option_that_the_model_does_not_have_is_refused(small_set):
    with pytest.raises(InvalidSetting, match="dncnn has no option 'attention'"):
        imgclean.denoise(np.zeros((8, 8), np.uint8), "dncnn", options={"attention": "local"})
    with pytest.raises(InvalidSetting, match="channels cannot be set"):
        imgclean.load("dncnn", options={"channels": 1})


def test_threads_that_clean_at_once_get_what_one_gets(small_set):
    images = [np.random.default_rng(seed).random((40, 48, 3), np.float32) for seed in range(6)]
    with ThreadPoolExecutor(6) as threads:  # first, so that they prepare the network at once
        at_once = [
            *threads.map(lambda each: imgclean.denoise(each, weights=str(small_set)), images)
        ]
    for image, clean in zip(images, at_once, strict=True):
        np.testing.assert_array_equal(clean, imgclean.denoise(image, weights=str(small_set)))
