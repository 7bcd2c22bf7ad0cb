"""What can be chosen of a DnCNN."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from imgclean import Tiling

Initialisation = Literal["he", "dirac", "small-gain"]


class DnCNNOptions(BaseModel):
    """Options of the network; the defaults are the paper's blind and colour denoiser."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    channels: int = Field(default=3, ge=1)
    """Image channels."""

    depth: int = Field(default=20, ge=3)
    """Convolutions: 17 for one known sigma, 20 for blind (Sections III.B, IV.A)."""

    width: int = Field(default=64, ge=1)
    """Feature maps of each inner layer."""

    batch_norm: bool = True
    """Normalise the inner layers (the ablation of Figure 2 switches it off)."""

    residual: bool = True
    """Predict the noise, not the clean image (likewise)."""

    initialisation: Initialisation = "he"
    """He's; `dirac`: each inner convolution near the identity, for small budgets; `small-gain`:
    He's, and small gains of batch norm, as the authors' code draws them."""


def tiling(options: DnCNNOptions) -> Tiling:
    """Each 3x3 convolution widens the receptive field by one pixel on every side."""
    return Tiling(halo=options.depth)
