import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from imgclean.training.patches import PatchSource, Pixels

CPU = torch.device("cpu")


def source_of(*images, size=8, **settings):
    return PatchSource(Pixels(images, CPU), size, **settings)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def orientations(patch):
    turned = [np.rot90(patch, turns) for turns in range(4)]
    return [each for one in turned for each in (one, one[:, ::-1])]


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(8, 20), st.integers(8, 20)), min_size=1, max_size=4),
    st.sampled_from([1, 3]),
    st.integers(0, 1000),
)
def test_every_patch_is_cut_from_one_image_in_one_of_the_eight_orientations(sizes, channels, seed):
    random = np.random.default_rng(seed)
    images = [random.integers(0, 256, (h, w, channels), np.uint8) for h, w in sizes]
    source = source_of(*images)
    windows = {
        each.tobytes()
        for image in images
        for y in range(image.shape[0] - 7)
        for x in range(image.shape[1] - 7)
        for each in orientations(image[y : y + 8, x : x + 8])
    }
    patches = source.draw(5, generator(seed))
    assert patches.shape == (5, channels, 8, 8)
    levels = (patches * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    assert all(patch.tobytes() in windows for patch in levels)


def test_every_position_and_orientation_is_drawn():
    image = np.arange(9 * 9, dtype=np.uint8).reshape(9, 9, 1)
    source = source_of(image)
    patches = source.draw(2000, generator(0))
    corners = {(float(p[0, 0, 0]), float(p[0, 0, 7])) for p in patches}
    assert len(corners) == 4 * 8


def test_images_are_drawn_in_proportion_to_their_positions():
    small, large = np.zeros((8, 8, 1), np.uint8), np.full((8, 16, 1), 255, np.uint8)
    patches = source_of(small, large).draw(5000, generator(0))
    assert abs(float(patches.mean()) - 9 / 10) < 0.02


def test_the_same_seed_draws_the_same_patches():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    source = source_of(image, size=16)
    assert torch.equal(source.draw(4, generator(3)), source.draw(4, generator(3)))
    assert not torch.equal(source.draw(4, generator(3)), source.draw(4, generator(4)))


@settings(max_examples=20)
@given(st.booleans(), st.booleans(), st.integers(0, 1000))
def test_only_the_orientations_that_are_wanted_are_drawn(flips, turns, seed):
    image = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    patches = source_of(image, flips=flips, turns=turns).draw(64, generator(seed))
    drawn = {each.tobytes() for each in (patches * 255).round().byte().numpy()}
    flipped = [image, image[::-1], image[:, ::-1], image[::-1, ::-1]] if flips else [image]
    turned = [each.swapaxes(0, 1) for each in flipped] if turns else []
    assert drawn <= {each.tobytes() for each in (*flipped, *turned)}
    assert len(drawn) == len(flipped) + len(turned)


def test_deep_samples_keep_their_sixteen_bits_and_shallow_ones_beside_them_their_value():
    deep = np.full((8, 8, 1), 40_001, np.uint16)
    shallow = np.full((8, 8, 1), 200, np.uint8)
    patches = source_of(deep, shallow).draw(64, generator(0))
    assert set(patches.unique().tolist()) == {
        float(np.float32(40_001) / np.float32(65535)),
        float(np.float32(200 * 257) / np.float32(65535)),
    }
