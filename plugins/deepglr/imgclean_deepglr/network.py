"""DeepGLR (Figures 2 to 4): GLRNets in a row that share their parameters."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from imgclean_deepglr.colour import to_rgb, to_yuv
from imgclean_deepglr.hourglass import Hourglass
from imgclean_deepglr.lattice import filled_up
from imgclean_deepglr.layer import GraphLaplacianLayer
from imgclean_deepglr.options import DeepGLROptions
from imgclean_deepglr.prefilter import make_prefilter


class DeepGLR(nn.Module):
    """The blocks, or what the options leave of them.

    Learnable parameters for colour: 407,907 in the exemplars' network, 20,259 in the pre-filter,
    37,921 in that of mu; 466,087 in all, at any number of blocks.

    Args:
        options: those of `DeepGLROptions`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = DeepGLROptions(**options)
        self.prefilter = make_prefilter(self.options)
        hourglass = self.options.exemplars == "hourglass"
        self.exemplars = Hourglass(self.options.channels) if hourglass else None
        self.layer = GraphLaplacianLayer(self.options)

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:  # noqa: ARG002 - blind
        """Return the clean image.

        Args:
            x: float[N, channels, H, W] in [0, 1], colours in RGB.
            sigma: not used, the network is blind.

        Returns:
            float32[N, channels, H, W], not clamped.
        """
        image = to_yuv(x)
        for _ in range(self.options.blocks):
            image = self.block(image)
        return to_rgb(image)

    def block(self, image: Tensor) -> Tensor:
        """Return what one GLRNet makes of an image, float32[N, C, H, W], in YUV as it is."""
        height, width = image.shape[2:]
        image = filled_up(image)
        filtered = self.prefilter(image)
        exemplars = filtered if self.exemplars is None else self.exemplars(image)
        clean: Tensor = self.layer(image, filtered, exemplars)
        return clean[:, :, :height, :width]
