"""How an image may be cut for these networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean import Tiling
from imgclean_udncnn.options import dilations_of

if TYPE_CHECKING:
    from imgclean_udncnn.options import DNResNetOptions, UDnCNNOptions

_POOLED = Tiling(halo=20, alignment=4)


def dnresnet_tiling(options: DNResNetOptions) -> Tiling:
    """9x9 sees 4 pixels far, 5x5 twice 2, each block's two 3x3 one each: 18 for 13 layers."""
    return Tiling(halo=4 + 2 + 2 * options.blocks + 2)


def udncnn_tiling(options: UDnCNNOptions) -> Tiling:
    """Return the sum of the dilations; with pooling, tiles begin on the grid of 4x4 cells.

    Of a tile on that grid, the last convolution sees 1 pixel further, the sixth 2 and the cells
    they lie in, three on cells of 4x4 pixels 12, the third 2, the first two 1 each: 20 in all.
    """
    if options.variant == "udncnn":
        return _POOLED
    return Tiling(halo=sum(dilations_of(options.variant, options.dilations)))
