"""The multi-scale CNN with adversarial training as an imgclean plugin."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from imgclean import ModelInfo, hookimpl
from imgclean_mscnn.published import PUBLISHED

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MODEL = ModelInfo(
    name="mscnn",
    title="MSCNN: kernels of five sizes, then 1x1 convolutions; also trained adversarially",
    paper=(
        "N. Divakar, R. Venkatesh Babu: Image Denoising via CNNs: An Adversarial Approach. "
        "CVPR Workshops 2017, arXiv:1708.00159"
    ),
    factory="imgclean_mscnn.network:MSCNN",
    options="imgclean_mscnn.options:MSCNNOptions",
    tiling="imgclean_mscnn.tiling:mscnn_tiling",
    published=PUBLISHED,
    discriminators={
        "vgg19": "imgclean_mscnn.discriminator:pretrained",
        "scratch": "imgclean_mscnn.discriminator:scratch",
    },
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer the one model."""
    return [MODEL]


@hookimpl
def imgclean_recipes() -> dict[str, Traversable]:
    """Offer every recipe in the folder, by its name."""
    folder = files("imgclean_mscnn") / "recipes"
    return {
        each.name.removesuffix(".toml"): each
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    }
