import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from imgclean.training.patches import PatchSource

CPU = torch.device("cpu")


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
    source = PatchSource(images, 8, CPU)
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
    source = PatchSource([image], 8, CPU)
    patches = source.draw(2000, generator(0))
    corners = {(float(p[0, 0, 0]), float(p[0, 0, 7])) for p in patches}
    assert len(corners) == 4 * 8


def test_images_are_drawn_in_proportion_to_their_positions():
    small, large = np.zeros((8, 8, 1), np.uint8), np.full((8, 16, 1), 255, np.uint8)
    patches = PatchSource([small, large], 8, CPU).draw(5000, generator(0))
    assert abs(float(patches.mean()) - 9 / 10) < 0.02


def test_the_same_seed_draws_the_same_patches():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    source = PatchSource([image], 16, CPU)
    assert torch.equal(source.draw(4, generator(3)), source.draw(4, generator(3)))
    assert not torch.equal(source.draw(4, generator(3)), source.draw(4, generator(4)))
