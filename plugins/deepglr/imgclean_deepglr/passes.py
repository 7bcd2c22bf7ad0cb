"""DeepGLR's own way through an image: block by block, with the image between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean_deepglr.colour import to_rgb, to_yuv
from imgclean_deepglr.options import DeepGLROptions
from imgclean_deepglr.tiling import block_tiling

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from imgclean import DenoiseRequest, Raster
    from imgclean_deepglr.network import DeepGLR


def denoise(model: DeepGLR, image: Raster, request: DenoiseRequest) -> Raster:
    """Return the clean image, float32[C, H, W].

    In one pass the halo would grow with every block; in a pass for each, it stays that of one.

    Args:
        model: with its parts prepared.
        image: float32[C, H, W], nominally in [0, 1].
        request: how it is to be cleaned.
    """
    options = DeepGLROptions.model_validate(request.options)
    tiling = block_tiling(options)
    for index in range(options.blocks):
        function = _block(model, first=index == 0, last=index == options.blocks - 1)
        share = 1 / options.blocks
        image = request.run_tiles(function, image, tiling.halo, tiling.alignment, share=share)
    return image


def _block(model: DeepGLR, *, first: bool, last: bool) -> Callable[[Tensor], Tensor]:
    """Return a block as a function of tiles; between blocks an image stays in YUV."""

    def clean(tile: Tensor) -> Tensor:
        result = model.block(to_yuv(tile) if first else tile)
        return to_rgb(result) if last else result

    return clean
