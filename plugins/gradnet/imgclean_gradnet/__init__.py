"""GradNet as an imgclean plugin."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from imgclean import ModelInfo, hookimpl
from imgclean_gradnet.published import PUBLISHED

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from imgclean import DenoiseRequest, Raster

GRADNET = ModelInfo(
    name="gradnet",
    title="GradNet: the gradient of a first, naive result guides a residual network",
    paper=(
        "Y. Liu, S. Anwar, L. Zheng, Q. Tian: GradNet Image Denoising. "
        "CVPR Workshops (NTIRE) 2020, doi:10.1109/CVPRW50498.2020.00262"
    ),
    factory="imgclean_gradnet.network:GradNet",
    options="imgclean_gradnet.options:GradNetOptions",
    tiling="imgclean_gradnet.tiling:tiling",
    published=PUBLISHED,
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer GradNet."""
    return [GRADNET]


@hookimpl
def imgclean_denoise(model: Any, image: Raster, request: DenoiseRequest) -> Raster:
    """Clean an image in passes: the naive block, then the main branch."""
    from imgclean_gradnet.passes import denoise

    return denoise(model, image, request)


@hookimpl
def imgclean_recipes() -> dict[str, Traversable]:
    """Offer every recipe in the folder, by its name."""
    folder = files("imgclean_gradnet") / "recipes"
    return {
        each.name.removesuffix(".toml"): each
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    }
