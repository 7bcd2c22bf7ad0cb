"""What of a model's change is applied: laws of whole denoisers."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from material import write_small_set

from imgclean.errors import InvalidSetting
from imgclean.extension.loader import load_plugins
from imgclean.images.luminance import gray_planes
from imgclean.images.pixels import SampleRange
from imgclean.images.rasters import ArrayRaster, ArraySink, MemorySamples, PixelRaster, PixelSink
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import read_config

CPU = torch.device("cpu")
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
SPAN = SampleRange((0.0,) * 3, (255.0,) * 3, np.dtype(np.uint8), 255)


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    return {n: write_small_set(folder / f"of-{n}", channels=n) for n in (1, 3)}


@pytest.fixture(scope="module")
def make(sets):
    info = load_plugins().model("dncnn").info

    def denoiser(channels=3, **given_settings):
        given_settings = {"precision": "fp32"} | given_settings
        weights = WeightSet(read_config(sets[channels]), sets[channels])
        return Denoiser(info, weights, InferenceSettings(**given_settings), CPU)

    return denoiser


def image_of(seed, height=70, width=90, channels=3):
    return np.random.default_rng(seed).random((channels, height, width), np.float32)


def cleaned(denoiser, image, *, colours=True):
    sink = ArraySink(image.shape)
    denoiser.denoise(ArrayRaster(image), sink, dtype=np.dtype(np.float32), colours=colours)
    return sink.values


def cleaned_bytes(denoiser, samples):
    """Return uint8[H, W, 3] cleaned on the way on which bytes travel."""
    source, clean = MemorySamples(samples), MemorySamples(np.empty_like(samples))
    sink = PixelSink(clean, source, SPAN)
    denoiser.denoise(PixelRaster(source, SPAN), sink, dtype=samples.dtype, colours=True)
    return clean.values


@SHARED
@given(
    seed=st.integers(0, 9),
    controls=st.sampled_from([{}, {"keep_detail": 0.5}, {"chroma_only": True}]),
)
def test_strength_0_is_the_input_exactly_whatever_else_is_asked_for(make, seed, controls):
    image = image_of(seed)
    np.testing.assert_array_equal(cleaned(make(strength=0.0, **controls), image), image)


@SHARED
@given(seed=st.integers(0, 9), strength=st.sampled_from([1.0, 0.4]))
def test_with_no_detail_kept_everything_is_as_before_bit_for_bit(make, seed, strength):
    image = image_of(seed)
    plain = cleaned(make(), image)
    expected = plain if strength == 1 else image + np.float32(strength) * (plain - image)
    asked = cleaned(make(strength=strength, keep_detail=0.0, chroma_only=False), image)
    np.testing.assert_array_equal(asked, expected)


@SHARED
@given(seed=st.integers(0, 9), tile=st.integers(16, 64), share=st.floats(0.1, 1))
def test_with_detail_kept_an_image_in_tiles_equals_the_whole(make, seed, tile, share):
    image = image_of(seed)
    whole = cleaned(make(tile="none", keep_detail=share), image)
    tiled = cleaned(make(tile=tile, keep_detail=share), image)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)
    assert np.abs(whole - cleaned(make(), image)).max() > 1e-3


@SHARED
@given(seed=st.integers(0, 9), tile=st.integers(16, 64))
def test_chroma_alone_in_tiles_equals_the_whole(make, seed, tile):
    image = image_of(seed)
    whole = cleaned(make(tile="none", chroma_only=True), image)
    np.testing.assert_allclose(cleaned(make(tile=tile, chroma_only=True), image), whole, atol=1e-6)


@SHARED
@given(seed=st.integers(0, 9))
def test_chroma_alone_keeps_the_luma_and_takes_the_models_chroma(make, seed):
    image = image_of(seed)
    plain, chroma = cleaned(make(), image), cleaned(make(chroma_only=True), image)
    np.testing.assert_allclose(gray_planes(chroma), gray_planes(image), atol=1e-6)
    np.testing.assert_allclose(chroma - gray_planes(chroma), plain - gray_planes(plain), atol=1e-6)
    assert np.abs(chroma - image).max() > 1e-3


def test_chroma_alone_keeps_the_luma_of_bytes_to_rounding(make):
    samples = (40 + 170 * np.moveaxis(image_of(3), 0, 2)).astype(np.uint8)
    clean = cleaned_bytes(make(chroma_only=True, strength=0.1), samples)
    weights = np.array([0.299, 0.587, 0.114])
    is_inside = ((clean > 0) & (clean < 255)).all(2)
    change = np.abs(clean @ weights - samples @ weights)[is_inside]
    assert is_inside.mean() > 0.5
    assert (clean != samples).any()
    assert change.max() <= 1


def test_chroma_alone_leaves_a_gray_image_as_it_is(make):
    image = image_of(0, channels=1)
    denoiser = make(1, chroma_only=True)
    np.testing.assert_array_equal(cleaned(denoiser, image, colours=False), image)


def test_strength_is_applied_after_the_rest(make):
    image = image_of(0)
    for controls in ({"keep_detail": 0.8}, {"chroma_only": True}):
        full, half = (
            cleaned(make(**controls), image),
            cleaned(make(strength=0.5, **controls), image),
        )
        np.testing.assert_allclose(half, (image + full) / 2, atol=1e-6)


def test_detail_is_kept_of_channels_that_go_through_one_by_one(make):
    image = image_of(0, channels=4)
    together = cleaned(make(1, keep_detail=0.6), image, colours=False)
    alone = [cleaned(make(1, keep_detail=0.6), plane[None], colours=False) for plane in image]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-6)


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"strength": 1.5}, "strength 1.5"),
        ({"strength": float("nan")}, "strength nan"),
        ({"strength": "much"}, "neither auto nor a number"),
        ({"strength": "auto", "task": "deblock"}, "--strength auto follows the noise"),
        ({"keep_detail": -0.1}, "keep-detail -0.1"),
        ({"keep_detail": 0.5, "task": "upscale", "scale": 2}, "--keep-detail"),
        ({"chroma_only": True, "task": "deblock"}, "--chroma-only"),
        ({"chroma_only": True, "keep_detail": 0.5}, "--chroma-only keeps all"),
    ],
)
def test_what_means_nothing_is_refused(said, part):
    with pytest.raises(InvalidSetting, match=part):
        InferenceSettings(**said)


def test_detail_may_be_kept_in_deblocking():
    assert InferenceSettings(task="deblock", keep_detail=0.5).keep_detail == 0.5


def test_what_shapes_an_image_is_in_its_identity_and_its_provenance(make):
    plain, kept = make(), make(keep_detail=0.5, strength="auto")
    assert plain.identity | {"strength": "auto", "keep_detail": 0.5} == kept.identity
    assert "keep detail 0.5; strength auto" in kept.provenance
    assert make(chroma_only=True).identity == plain.identity | {"chroma_only": True}
    assert "chroma only" in make(chroma_only=True).provenance
    assert {"keep_detail", "chroma_only"}.isdisjoint(plain.identity)


@pytest.mark.parametrize("control", [{}, {"strength": 0.5}, {"keep_detail": 1.0}, {"tile": 32}])
def test_black_and_white_that_is_stored_in_colour_gets_no_tint(make, control):
    gray = image_of(3, channels=1)
    clean = cleaned(make(**control), gray.repeat(3, 0))
    np.testing.assert_array_equal(clean[0], clean[1])
    np.testing.assert_array_equal(clean[0], clean[2])
    assert np.abs(clean - gray).max() > 0.01
    samples = np.rint(255 * gray.repeat(3, 0)).astype(np.uint8).transpose(1, 2, 0)
    as_bytes = cleaned_bytes(make(**control), samples)
    np.testing.assert_array_equal(as_bytes.min(2), as_bytes.max(2))


def test_an_image_with_any_colour_in_it_keeps_its_colours(make):
    image = image_of(4, channels=1).repeat(3, 0)
    plain = cleaned(make(), image, colours=False)
    assert np.abs(plain[0] - plain[1]).max() > 1e-4
    image[0, -1, -1] += 0.1
    np.testing.assert_allclose(
        cleaned(make(), image)[:, :40, :40],
        cleaned(make(), image, colours=False)[:, :40, :40],
        atol=1e-6,
    )
