import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imgclean.extension.requests import Window
from imgclean.inference import allocator
from imgclean.inference.tiles import cover, split, tile_side, widen

CPU = torch.device("cpu")
SIZES = st.integers(1, 300)
ALIGNMENTS = st.sampled_from([1, 2, 8, 26])


@given(SIZES, SIZES, st.integers(16, 128), st.integers(0, 40), ALIGNMENTS)
def test_tiles_cover_the_image_once_and_each_has_its_halo(height, width, side, halo, alignment):
    covered = torch.zeros(height, width, dtype=torch.int)
    for tile in cover(width, height, side, halo, alignment):
        x, y, right, bottom = edges(tile.output)
        left, top, end, below = edges(tile.input)
        covered[y:bottom, x:right] += 1
        assert left == 0 or x - left >= halo
        assert top == 0 or y - top >= halo
        assert end == width or end - right >= halo
        assert below == height or below - bottom >= halo
        assert left % alignment == 0
        assert top % alignment == 0
        assert 0 <= left < end <= width
        assert 0 <= top < below <= height
    assert (covered == 1).all()


@given(SIZES, SIZES, st.integers(16, 200), st.integers(0, 60), ALIGNMENTS)
def test_all_inputs_have_one_shape_and_no_more_pixels_than_a_square(
    height, width, side, halo, alignment
):
    inputs = [tile.input for tile in cover(width, height, side, halo, alignment)]
    widths, heights = {each.width for each in inputs}, {each.height for each in inputs}
    assert max(widths) - min(widths) < alignment
    assert max(heights) - min(heights) < alignment
    largest = side + 2 * halo + 2 * alignment
    assert len(inputs) == 1 or max(widths) * max(heights) <= largest**2


def test_there_are_as_few_tiles_as_can_be_and_none_where_the_image_fits_with_its_halo():
    assert inputs_of(cover(520, 520, 480, 20, 1)) == [(520, 520)]
    assert len(cover(521, 521, 480, 20, 1)) == 2
    assert inputs_of(cover(5000, 5000, 1000, 20, 1)) == [(1032, 1032)] * 25


def test_tiles_are_strips_where_those_have_less_halo_in_all():
    assert inputs_of(cover(1000, 1000, 684, 20, 1)) == [(1000, 520)] * 2
    assert inputs_of(cover(400, 1300, 684, 20, 1)) == [(400, 1300)]


def test_an_automatic_tile_has_activations_that_are_used_again(monkeypatch):
    for largest in (31 << 20, 128 << 20):
        monkeypatch.setattr(allocator, "_largest_reused", [largest])
        side = tile_side("auto", CPU, halo=20, bytes_per_pixel=256)
        assert (side + 40) ** 2 * 128 <= largest < (side + 41) ** 2 * 128
    assert tile_side("auto", CPU, halo=400, bytes_per_pixel=256) == 800
    assert tile_side("auto", CPU, halo=5, bytes_per_pixel=0) == 1014


def test_a_tile_that_was_asked_for_is_what_it_is():
    assert tile_side("none", CPU, 20, 256) is None
    assert tile_side(96, CPU, 20, 256) == 96


@pytest.mark.parametrize("allows", [True, False])
def test_the_largest_block_that_is_used_again_is_what_the_allocator_allows(monkeypatch, allows):
    asked = []

    def mallopt(parameter, value):
        asked.append((parameter, value))
        return allows or value <= 32 << 20

    library = type("Library", (), {"mallopt": staticmethod(mallopt)})
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda _: library)
    monkeypatch.setattr(allocator.sys, "platform", "linux")
    monkeypatch.setattr(allocator, "_largest_reused", [allocator.largest_reused_block()])
    allocator.keep_freed_memory()
    if allows:
        assert allocator.largest_reused_block() == 128 << 20
    else:
        assert asked[-1] == (-3, 32 << 20)


def inputs_of(tiles):
    return [(tile.input.width, tile.input.height) for tile in tiles]


def edges(window):
    return window.x, window.y, window.x + window.width, window.y + window.height


@given(SIZES, SIZES, st.integers(1, 128), st.sampled_from([1, 2, 8]))
def test_parts_cover_the_window_once_and_stay_within_the_side(height, width, side, alignment):
    covered = [[0] * width for _ in range(height)]
    largest = max(side, alignment)
    for part in split(Window(0, 0, width, height), side, alignment):
        assert part.x % alignment == 0
        assert part.y % alignment == 0
        assert 0 < part.width <= largest
        assert 0 < part.height <= largest
        for y in range(part.y, part.y + part.height):
            for x in range(part.x, part.x + part.width):
                covered[y][x] += 1
    assert all(count == 1 for row in covered for count in row)


def test_parts_are_equal_rather_than_ragged():
    widths = [part.width for part in split(Window(0, 0, 1000, 10), 480)]
    assert widths == [334, 334, 332]


@given(SIZES, SIZES, st.integers(0, 40), st.sampled_from([1, 2, 8]), st.data())
def test_a_tile_has_its_halo_wherever_the_image_goes_on(height, width, halo, alignment, data):
    parts = list(split(Window(0, 0, width, height), 64, alignment))
    output = data.draw(st.sampled_from(parts))
    tile = widen(output, halo, alignment, height, width)
    right, bottom = output.x + output.width, output.y + output.height
    assert output.x - tile.input.x >= min(halo, output.x)
    assert output.y - tile.input.y >= min(halo, output.y)
    assert tile.input.x + tile.input.width == min(width, right + halo)
    assert tile.input.y + tile.input.height == min(height, bottom + halo)
    assert tile.input.x % alignment == 0
    assert tile.input.y % alignment == 0
