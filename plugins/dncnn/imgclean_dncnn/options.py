"""What can be chosen of a DnCNN."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from imgclean import Tiling


class DnCNNOptions(BaseModel):
    """Options of the network; the defaults are the paper's blind and colour denoiser.

    Attributes:
        channels: image channels.
        depth: convolutions; 17 for one known sigma, 20 for blind (Section III.B, IV.A).
        width: feature maps of each inner layer.
        batch_norm: normalise the inner layers (the ablation of Figure 2 switches it off).
        residual: predict the noise, not the clean image (likewise).
        initialisation: `he` (the paper's), or `dirac`: each inner convolution begins near the
            identity, for small budgets (see the README).
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    channels: int = Field(default=3, ge=1)
    depth: int = Field(default=20, ge=3)
    width: int = Field(default=64, ge=1)
    batch_norm: bool = True
    residual: bool = True
    initialisation: Literal["he", "dirac"] = "he"


def tiling(options: DnCNNOptions) -> Tiling:
    """Each 3x3 convolution widens the receptive field by one pixel on every side."""
    return Tiling(halo=options.depth)
