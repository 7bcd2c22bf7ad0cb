"""How an image may be cut for this network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean import Tiling

if TYPE_CHECKING:
    from imgclean_mscnn.options import MSCNNOptions


def mscnn_tiling(options: MSCNNOptions) -> Tiling:
    """Return half of the largest kernel: all other layers see single pixels."""
    return Tiling(halo=max(options.kernels) // 2)
