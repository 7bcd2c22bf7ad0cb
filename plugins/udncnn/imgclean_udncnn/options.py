"""What can be chosen of a DN-ResNet, and of a UDnCNN."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Variant = Literal["udncnn", "dudncnn", "dncnn"]
Dilations = Literal["mirrored", "stated"]
Normalisation = Literal["standard", "damped"]

_DILATIONS: dict[Dilations, tuple[int, ...]] = {
    "mirrored": (1, 1, 2, 4, 4, 2, 1, 1),
    "stated": (1, 1, 2, 4, 4, 4, 2, 1),
}


class _Options(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    channels: int = Field(default=3, ge=1)
    """Image channels."""


class DNResNetOptions(_Options):
    """Options of DN-ResNet; the defaults are DN-ResNet-13 for colour images."""

    blocks: int = Field(default=5, ge=0)
    """ResBlocks, each of two convolutions: 5 of them make 13 layers, 8 make 19."""

    separable: int = Field(default=0, ge=0)
    """How many of them, from the first, are depthwise separable; all, and it is DS-DN-ResNet."""

    residual: bool = True
    """Predict the noise, not the clean image."""

    @model_validator(mode="after")
    def _has_blocks_to_separate(self) -> Self:
        if self.separable > self.blocks:
            raise ValueError("separable is above blocks: there are not so many")
        return self


class UDnCNNOptions(_Options):
    """Options of the UDnCNN family; the defaults are UDnCNN for colour images."""

    variant: Variant = "udncnn"
    """How far it sees: by pooling and unpooling (`udncnn`), by dilated convolutions (`dudncnn`), or
    eight pixels only (`dncnn`, without skips)."""

    dilations: Dilations = "mirrored"
    """Of `dudncnn`: 1, 1, 2, 4, 4, 2, 1, 1, with which its figures were made (`mirrored`), or 1, 1,
    2, 4, 4, 4, 2, 1, as the text has it (`stated`)."""

    normalisation: Normalisation = "damped"
    """Batch norm with an epsilon of 64 and gains of 10 at the start (`damped`), with which the
    paper's figures were made and which learns faster, or as usual (`standard`)."""


def dilations_of(variant: Variant, dilations: Dilations) -> tuple[int, ...]:
    """Return the dilation of each of the eight convolutions."""
    return _DILATIONS[dilations] if variant == "dudncnn" else (1,) * 8
