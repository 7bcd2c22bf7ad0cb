import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from imgclean.errors import DeviceOutOfMemory, NonFiniteOutput
from imgclean.images.pixels import sample_range
from imgclean.images.range_choice import Bounds
from imgclean.images.rasters import ArrayRaster, ArraySink, MemorySamples, PixelRaster, PixelSink
from imgclean.inference import engine
from imgclean.inference.engine import run_tiles
from imgclean.inference.lanes import Direct
from imgclean.inference.tile_io import ByteTiles, FloatTiles, tile_io

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


def test_large_values_whose_sum_is_too_large_are_finite():
    image = np.full((3, 20, 20), 1e38, np.float32)
    tiled, _ = clean(lambda x: x, image, None, halo=0)
    np.testing.assert_array_equal(tiled, image)


class Deep(Direct):
    """A lane with several groups of tiles under way, as on a GPU."""

    depth = 3

    def __init__(self, device, function):
        super().__init__(device, function)
        self.most_pixels = 4 * 86 * 86
        self.counts = []

    def start(self, tiles):
        self.counts.append(len(tiles))
        return super().start(tiles)


@pytest.fixture
def lanes(monkeypatch):
    made = []

    def lane_on(device, function):
        made.append(Deep(device, function))
        return made[-1]

    monkeypatch.setattr(engine, "lane_on", lane_on)
    return made


def test_tiles_of_one_shape_go_together_and_come_back_where_they_belong(lanes):
    image = picture(300, 340)
    tiled, _ = clean(network(), image, 80)
    whole, _ = clean(network(), image, None)
    np.testing.assert_allclose(tiled, whole, atol=1e-6)
    assert max(lanes[0].counts) > 1
    assert len(lanes[0].counts) < sum(lanes[0].counts)


@pytest.mark.parametrize(("most", "expected"), [(20_000, 80), (5_000, 43)])
def test_out_of_memory_with_tiles_under_way_loses_none_and_writes_none_twice(lanes, most, expected):
    image, inner, pixels = picture(300, 340), network(), []

    def limited(x):
        if pixels and x.shape[0] * x.shape[2] * x.shape[3] > most:
            raise MemoryError
        return inner(x)

    tiled, side = clean(limited, image, 80, on_pixels=pixels.append)
    np.testing.assert_allclose(tiled, clean(inner, image, None)[0], atol=1e-6)
    assert side == expected  # that each goes alone is tried before they become smaller
    assert sum(pixels) == 300 * 340


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([0, 200]))
def test_8_bit_samples_that_travel_as_they_are_give_what_floats_give(height, width, high):
    samples = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    span = sample_range(samples, Bounds(0, high) if high else "auto")
    results = []
    for form in (ByteTiles, FloatTiles):
        noisy, target = MemorySamples(samples), MemorySamples(np.zeros_like(samples))
        raster, sink = PixelRaster(noisy, span), PixelSink(target, noisy, span)
        assert type(tile_io(raster, sink)) is ByteTiles
        with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
            patch.setattr(engine, "tile_io", form)
            arguments = {"halo": HALO, "alignment": 1, "side": 20, "device": CPU}
            run_tiles(lambda x: x * 1.1 - 0.03, raster, sink, on_pixels=lambda _: 0, **arguments)
        results.append(target.values)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("rows", [1, 16])
def test_8_bit_samples_that_the_model_leaves_alone_come_back(rows):
    samples = np.arange(256, dtype=np.uint8).repeat(3).reshape(rows, -1, 3)
    samples.flags.writeable = False  # as of a file that is in memory
    noisy = MemorySamples(samples[::-1])  # and of one whose last row comes first
    target, span = MemorySamples(np.zeros_like(samples)), sample_range(samples)
    raster, sink = PixelRaster(noisy, span), PixelSink(target, noisy, span)
    arguments = {"halo": 0, "alignment": 1, "side": None, "device": CPU}
    run_tiles(lambda x: x, raster, sink, on_pixels=lambda _: 0, **arguments)
    np.testing.assert_array_equal(target.values, samples[::-1])


def test_8_bit_output_that_is_not_finite_is_refused():
    samples = np.zeros((20, 20, 3), np.uint8)
    noisy, span = MemorySamples(samples), sample_range(samples)
    raster, sink = PixelRaster(noisy, span), PixelSink(MemorySamples(samples.copy()), noisy, span)
    arguments = {"halo": 0, "alignment": 1, "side": None, "device": CPU}
    with pytest.raises(NonFiniteOutput):
        run_tiles(lambda x: x / 0, raster, sink, on_pixels=lambda _: 0, **arguments)
