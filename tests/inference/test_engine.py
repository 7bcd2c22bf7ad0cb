import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from imgclean.errors import DeviceOutOfMemory, NonFiniteOutput
from imgclean.images.rasters import ArrayRaster, ArraySink
from imgclean.inference.engine import run_tiles

CPU = torch.device("cpu")
HALO = 3


def network(channels=3, seed=0):
    """Three 3x3 convolutions with zero padding: a receptive field of radius 3."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = [torch.nn.Conv2d(channels, channels, 3, padding=1) for _ in range(HALO)]
    return torch.nn.Sequential(*layers)


@torch.inference_mode()
def clean(function, image, side, *, halo=HALO, alignment=1, on_pixels=lambda _: None):
    sink = ArraySink(image.shape)
    fitted = run_tiles(
        function,
        ArrayRaster(image),
        sink,
        halo=halo,
        alignment=alignment,
        side=side,
        device=CPU,
        on_pixels=on_pixels,
    )
    return sink.values, fitted


def picture(height, width, channels=3):
    return np.random.default_rng(0).random((channels, height, width), np.float32)


@settings(max_examples=25)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(16, 100), st.sampled_from([1, 2, 8]))
def test_tiled_equals_whole_at_every_size(height, width, side, alignment):
    image = picture(height, width)
    whole, _ = clean(network(), image, None)
    tiled, _ = clean(network(), image, side, alignment=alignment)
    np.testing.assert_allclose(tiled, whole, atol=1e-6)


def test_a_halo_that_is_too_small_would_show():
    image = picture(80, 80)
    whole, _ = clean(network(), image, None)
    tiled, _ = clean(network(), image, 32, halo=HALO - 1)
    assert np.abs(tiled - whole).max() > 1e-4


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    ],
)
def test_out_of_memory_makes_tiles_smaller_and_loses_nothing(error):
    image = picture(200, 150)
    inner = network()

    def limited(x):
        if x.shape[2] * x.shape[3] > 60 * 60:
            raise error
        return inner(x)

    pixels = []
    tiled, side = clean(limited, image, None, on_pixels=pixels.append)
    whole, _ = clean(inner, image, None)
    np.testing.assert_allclose(tiled, whole, atol=1e-6)
    assert side is not None
    assert side <= 60
    assert sum(pixels) == 200 * 150


@pytest.mark.parametrize("alignment", [1, 64])
def test_a_device_without_memory_ends_in_a_typed_error(alignment):
    def full(_):
        raise MemoryError

    with pytest.raises(DeviceOutOfMemory):
        clean(full, picture(100, 100), None, alignment=alignment)


def test_any_other_runtime_error_is_passed_on():
    def broken(_):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        clean(broken, picture(20, 20), None)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_output_that_is_not_finite_is_refused(bad):
    def poisoned(x):
        return torch.where(torch.arange(x.shape[3]) == 7, bad, x)

    with pytest.raises(NonFiniteOutput):
        clean(poisoned, picture(20, 20), 16)
