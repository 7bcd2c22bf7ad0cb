"""DnCNN as an imgclean plugin."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from imgclean import ModelInfo, hookimpl
from imgclean_dncnn.published import PUBLISHED

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DNCNN = ModelInfo(
    name="dncnn",
    title="DnCNN: residual learning with batch normalisation",
    paper=(
        "K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang: Beyond a Gaussian Denoiser: Residual "
        "Learning of Deep CNN for Image Denoising. IEEE TIP 2017, doi:10.1109/TIP.2017.2662206"
    ),
    factory="imgclean_dncnn.network:DnCNN",
    options="imgclean_dncnn.options:DnCNNOptions",
    tiling="imgclean_dncnn.options:tiling",
    tasks=("denoise", "deblock", "upscale"),
    published=PUBLISHED,
    checkpoints="imgclean_dncnn.checkpoints:recognise",
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer DnCNN."""
    return [DNCNN]


@hookimpl
def imgclean_recipes() -> dict[str, Traversable]:
    """Offer every recipe in the folder, by its name."""
    folder = files("imgclean_dncnn") / "recipes"
    return {
        each.name.removesuffix(".toml"): each
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    }
