"""How far each part of a GradNet sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean import Tiling
from imgclean.weightsets.inner_model import inner_tiling
from imgclean_gradnet.naive import model_of_naive
from imgclean_gradnet.options import BRANCHES, CLASSICAL

if TYPE_CHECKING:
    from imgclean_gradnet.options import Backbone, GradNetOptions

_SOBEL = 1


def tiling(options: GradNetOptions) -> Tiling:
    """Return the tiling of all in one pass, the factors of attention apart.

    For the paper's network the halo is 20 (SKDnCNN) + 1 (Sobel) + 37 (body and tail) = 58.
    """
    alone = naive_tiling(options) if options.has_naive else Tiling(halo=0)
    if options.part == "naive":
        return alone
    by_gradient = alone.halo + _SOBEL + _radius_behind_fusion(options)
    own = branch_radius(options, options.backbone)
    return Tiling(halo=max(own, by_gradient), alignment=alone.alignment)


def main_halo(options: GradNetOptions) -> int:
    """Return the halo of the main branch, whose gradient comes from an image that is there."""
    own = branch_radius(options, options.backbone)
    return max(own, _SOBEL + _radius_behind_fusion(options))


def naive_tiling(options: GradNetOptions) -> Tiling:
    """Return the tiling of the naive block.

    A classical method, which looks at the whole image, has none.

    Raises:
        UnknownModel, InvalidSetting: it is a model that is not installed, or not such a one.
    """
    for name in BRANCHES:
        if options.naive == name:
            return Tiling(halo=branch_radius(options, name))
    if options.naive in CLASSICAL:
        return Tiling(halo=0)
    return inner_tiling(model_of_naive(options.naive), options.options_of_naive)


def branch_radius(options: GradNetOptions, backbone: Backbone) -> int:
    """Return the radius of a branch: a pixel for each 3x3 convolution in a row."""
    if backbone == "skdncnn":
        return options.depth
    head_and_tail = 2
    return head_and_tail + options.modules * (2 * options.units + 1)


def _radius_behind_fusion(options: GradNetOptions) -> int:
    """Return how far a pixel of the result sees the gradient."""
    radius = branch_radius(options, options.backbone)
    return {"input": radius, "features": radius - 1, "late": 1, "none": -_SOBEL}[options.fusion]
