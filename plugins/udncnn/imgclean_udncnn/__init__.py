"""DN-ResNet and the UDnCNN family as an imgclean plugin."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from imgclean import ModelInfo, hookimpl
from imgclean_udncnn.published import PUBLISHED

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DNRESNET = ModelInfo(
    name="dnresnet",
    title="DN-ResNet: a small residual network, grown block by block",
    paper=(
        "H. Ren, M. El-Khamy, J. Lee: DN-ResNet: Efficient Deep Residual Network for Image "
        "Denoising. ACCV 2018, arXiv:1810.06766"
    ),
    factory="imgclean_udncnn.dnresnet:DNResNet",
    options="imgclean_udncnn.options:DNResNetOptions",
    tiling="imgclean_udncnn.tiling:dnresnet_tiling",
    tasks=("denoise", "deblock", "upscale"),
)
UDNCNN = ModelInfo(
    name="udncnn",
    title="UDnCNN, DUDnCNN: eight convolutions that see far by pooling or by dilation",
    paper=(
        "DnCNN (K. Zhang et al. 2017) with a U-Net's pooling (O. Ronneberger et al. 2015, "
        "arXiv:1505.04597) or dilated convolutions (F. Yu, V. Koltun 2016, arXiv:1511.07122)"
    ),
    factory="imgclean_udncnn.udncnn:UDnCNN",
    options="imgclean_udncnn.options:UDnCNNOptions",
    tiling="imgclean_udncnn.tiling:udncnn_tiling",
    published=PUBLISHED,
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer both."""
    return [DNRESNET, UDNCNN]


@hookimpl
def imgclean_recipes() -> dict[str, Traversable]:
    """Offer every recipe in the folder, by its name."""
    folder = files("imgclean_udncnn") / "recipes"
    return {
        each.name.removesuffix(".toml"): each
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    }
