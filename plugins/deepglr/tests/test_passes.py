"""A whole image, and the same in tiles, block by block."""

import numpy as np
import pytest
import torch
from deepglr_sets import VARIANTS, cleaned, network, random_image, write_set

from imgclean import Tiling


@pytest.mark.parametrize("variant", VARIANTS)
def test_tiles_give_what_the_whole_image_gives(tmp_path, variant):
    blocks = 2 if variant == "deepglr" else 1
    weights = write_set(tmp_path, **VARIANTS[variant] | {"blocks": blocks})
    image = random_image(139, 160, VARIANTS[variant].get("channels", 3))
    whole = cleaned(weights, image, tile="none")
    np.testing.assert_allclose(cleaned(weights, image, tile=44), whole, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(30, 200), (133, 134)])
def test_tiles_are_exact_where_the_stride_does_not_fit(tmp_path, height, width):
    weights = write_set(tmp_path, blocks=1)
    image = random_image(height, width)
    whole = cleaned(weights, image, tile="none")
    np.testing.assert_allclose(cleaned(weights, image, tile=44), whole, atol=1e-5)


def test_without_the_halo_tiles_would_show(tmp_path, monkeypatch):
    weights = write_set(tmp_path, blocks=1)
    image = random_image(60, 150)
    whole = cleaned(weights, image, tile="none")
    monkeypatch.setattr(
        "imgclean_deepglr.passes.block_tiling", lambda _: Tiling(halo=0, alignment=44)
    )
    assert np.abs(cleaned(weights, image, tile=44) - whole).max() > 1e-3


def test_the_passes_are_the_network(tmp_path):
    image = random_image(30, 50)
    with torch.no_grad():
        expected = network()(torch.tensor(image)[None])[0].numpy()
    found = cleaned(write_set(tmp_path), image, tile="none")
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_progress_counts_every_pixel_once(tmp_path):
    counted = []
    image = random_image(48, 133)
    cleaned(write_set(tmp_path, blocks=2), image, tile=44, on_pixels=counted.append)
    assert sum(counted) == 48 * 133
    assert len(counted) > 2


def test_bf16_is_close_to_float32(tmp_path):
    weights = write_set(tmp_path, blocks=1)
    image = random_image(60, 70)
    exact = cleaned(weights, image)
    found = cleaned(weights, image, precision="bf16")
    assert np.abs(found - exact).mean() < 0.01
    assert (found != exact).any()
