"""GradNet's own way through an image: the naive block, what attention looks at, the main branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgclean import Window
from imgclean.gradient import gradient_magnitude
from imgclean.images.rasters import ArrayRaster
from imgclean_gradnet.branch import Branch
from imgclean_gradnet.branch_pass import BranchPass
from imgclean_gradnet.naive import Classical
from imgclean_gradnet.network import require_clean
from imgclean_gradnet.options import GradNetOptions
from imgclean_gradnet.tiling import branch_radius, main_halo, naive_tiling

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from imgclean import DenoiseRequest, Raster
    from imgclean_gradnet.naive import NaiveBlock
    from imgclean_gradnet.network import GradNet

_NAIVE_SHARE = 0.3  # of the work, in the paper's network


def denoise(model: GradNet, image: Raster, request: DenoiseRequest) -> Raster:
    """Return the clean image, float32[C, H, W].

    The naive block goes over the whole image first, so that the main branch reads a gradient that
    no tile has cut. What attention multiplies with is found next, and held for all tiles.

    Args:
        model: with its parts prepared.
        image: float32[C, H, W], nominally in [0, 1].
        request: how it is to be cleaned.

    Raises:
        InvalidSetting: the clean image's gradient is asked for, and it is not there.
    """
    options = GradNetOptions.model_validate(request.options)
    if model.main is None:
        return _naive_image(model.naive, image, request, options, share=1.0)
    if options.fusion == "none":
        return BranchPass(
            model.main, image, _alone, branch_radius(options, options.backbone), options, request
        ).result(share=1.0)
    share = 1.0
    if options.gradient == "naive":
        guide = _naive_image(model.naive, image, request, options, share=_NAIVE_SHARE)
        share = 1 - _NAIVE_SHARE
    else:
        guide = image if options.gradient == "noisy" else require_clean(request.clean)
    both = _Beside(image, guide)
    return BranchPass(
        model.main, both, _with_gradient, main_halo(options), options, request
    ).result(share)


def _naive_image(
    naive: NaiveBlock | None,
    image: Raster,
    request: DenoiseRequest,
    options: GradNetOptions,
    *,
    share: float,
) -> Raster:
    """Return what the naive block makes of the image."""
    assert naive is not None  # noqa: S101 - for the type
    if isinstance(naive, Classical):
        _, height, width = image.shape
        whole = image.read(Window(0, 0, width, height))
        return ArrayRaster(naive.restore(whole, request.sigma))
    tiling = naive_tiling(options)
    if isinstance(naive, Branch):
        return BranchPass(naive, image, _alone, tiling.halo, options, request).result(share)

    def clean(x: Tensor) -> Tensor:
        sigma = None if request.sigma is None else x.new_full((len(x),), request.sigma)
        return naive(x, sigma)  # type: ignore[no-any-return]

    return request.run_tiles(clean, image, tiling.halo, tiling.alignment, share=share)


class _Beside:
    """Two images as one of twice the channels."""

    def __init__(self, image: Raster, guide: Raster) -> None:
        self._image = image
        self._guide = guide

    @property
    def shape(self) -> tuple[int, int, int]:
        channels, height, width = self._image.shape
        return 2 * channels, height, width

    def read(self, window: Window) -> NDArray[np.float32]:
        return np.concatenate([self._image.read(window), self._guide.read(window)])


def _alone(x: Tensor) -> tuple[Tensor, None]:
    return x, None


def _with_gradient(both: Tensor) -> tuple[Tensor, Tensor]:
    """Return the image and the gradient's magnitude of its guide."""
    image, guide = both.chunk(2, 1)
    return image, gradient_magnitude(guide)
