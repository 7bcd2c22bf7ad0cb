"""How an image may be cut for DeepGLR.

A pixel of a block's result is of patches that reach 22 pixels up and left of it and 25 down and
right; on these, the pre-filter and the exemplars see further. A tile whose input begins on the
lattice of patches, and on that of the hourglass, computes what the whole image does, wherever its
border is further off than that: there the last patch lies flush, out of step with the lattice.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imgclean import Tiling
from imgclean_deepglr import hourglass
from imgclean_deepglr.lattice import SIDE, STRIDE
from imgclean_deepglr.prefilter import prefilter_radius

if TYPE_CHECKING:
    from imgclean_deepglr.options import DeepGLROptions


def block_tiling(options: DeepGLROptions) -> Tiling:
    """Return the tiling of one block: 44 pixels of halo for the paper's network.

    Raises:
        UnknownModel, InvalidSetting: the pre-filter is no model that can be one.
    """
    alignment, up_left, down_right = STRIDE, 0, 0
    if options.exemplars == "hourglass":
        alignment = math.lcm(STRIDE, hourglass.SHRINKING)
        up_left, down_right = hourglass.RADIUS_UP_LEFT, hourglass.RADIUS_DOWN_RIGHT
    prefilter = prefilter_radius(options)
    needed = max(STRIDE + max(up_left, prefilter), SIDE - STRIDE + max(down_right, prefilter), SIDE)
    return Tiling(halo=math.ceil(needed / alignment) * alignment, alignment=alignment)


def tiling(options: DeepGLROptions) -> Tiling:
    """Return the tiling of all blocks in one pass."""
    block = block_tiling(options)
    return Tiling(halo=options.blocks * block.halo, alignment=block.alignment)
