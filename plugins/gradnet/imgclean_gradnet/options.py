"""What can be chosen of a GradNet."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Backbone = Literal["mskresnet", "skdncnn"]
Fusion = Literal["features", "input", "late", "none"]
Gradient = Literal["naive", "clean", "noisy"]
Attention = Literal["grid", "sampled", "local", "global"]

BRANCHES: tuple[Backbone, ...] = ("skdncnn", "mskresnet")
CLASSICAL = ("nlm", "bm3d")


class GradNetOptions(BaseModel):
    """Options of the network; the defaults are the paper's for colour images."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    channels: int = Field(default=3, ge=1)
    """Image channels."""

    backbone: Backbone = "mskresnet"
    """The main branch's network."""

    fusion: Fusion = "features"
    """Where the gradient comes in: beside the first `features` (the paper's GradNet-II), the
    `input` (I), the last features (`late`, III), or nowhere: the backbone alone."""

    gradient: Gradient = "naive"
    """Of which image: the naive block's result; or, for the bounds of Section 4.2, the `clean`
    image, which only training and evaluation have, or the `noisy` one."""

    naive: str = "skdncnn"
    """The naive block: `skdncnn`, `mskresnet`, an installed model by name, or a classical
    method, `nlm` or `bm3d`."""

    naive_options: dict[str, Any] = {}
    """Options of the installed model that is the naive block."""

    part: Literal["whole", "naive"] = "whole"
    """`naive` is the naive block alone, which is trained first."""

    attention: Attention = "grid"
    """What attention averages over: crops on a grid, interpolated between (`grid`), or averaged
    (`sampled`); a window around each pixel (`local`); or the whole image (`global`). All fit the
    same weights."""

    crop: int = Field(default=80, ge=8)
    """Side in pixels of crops and windows: that of training patches."""

    batch_norm: bool = True
    """Normalise; without it the network is what folding makes of the paper's."""

    features: int = Field(default=64, ge=2)
    """Feature maps of the first convolution."""

    depth: int = Field(default=20, ge=3)
    """Convolutions of an SKDnCNN."""

    modules: int = Field(default=4, ge=1)
    """Residual modules of an MSKResnet."""

    units: int = Field(default=4, ge=1)
    """ResUnits in each of them."""

    @property
    def has_naive(self) -> bool:
        """Whether there is a naive block."""
        fused = self.gradient == "naive" and self.fusion != "none"
        return self.part == "naive" or fused

    @property
    def options_of_naive(self) -> dict[str, Any]:
        """All options of the installed model that is the naive block."""
        return {"channels": self.channels} | self.naive_options
