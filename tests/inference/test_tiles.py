from hypothesis import given
from hypothesis import strategies as st

from imgclean.extension.requests import Window
from imgclean.inference.tiles import split, widen

SIZES = st.integers(1, 300)


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
