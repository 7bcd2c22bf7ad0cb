"""DeepGLR as an imgclean plugin."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from imgclean import ModelInfo, hookimpl
from imgclean_deepglr.published import PUBLISHED

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from imgclean import DenoiseRequest, Raster

DEEPGLR = ModelInfo(
    name="deepglr",
    title="DeepGLR: graph Laplacian regularisation on a graph that a network draws",
    paper=(
        "J. Zeng, J. Pang, W. Sun, G. Cheung: Deep Graph Laplacian Regularization for Robust "
        "Denoising of Real Images. CVPR Workshops 2019, arXiv:1807.11637"
    ),
    factory="imgclean_deepglr.network:DeepGLR",
    options="imgclean_deepglr.options:DeepGLROptions",
    tiling="imgclean_deepglr.tiling:tiling",
    published=PUBLISHED,
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer DeepGLR."""
    return [DEEPGLR]


@hookimpl
def imgclean_denoise(model: Any, image: Raster, request: DenoiseRequest) -> Raster:
    """Clean an image block by block, each a pass of its own."""
    from imgclean_deepglr.passes import denoise

    return denoise(model, image, request)


@hookimpl
def imgclean_recipes() -> dict[str, Traversable]:
    """Offer every recipe in the folder, by its name."""
    folder = files("imgclean_deepglr") / "recipes"
    return {
        each.name.removesuffix(".toml"): each
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    }
