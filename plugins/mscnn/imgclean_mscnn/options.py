"""What can be chosen of a multi-scale CNN."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator


class MSCNNOptions(BaseModel):
    """Options of the multi-scale CNN; the defaults are the paper's, for colour images."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    channels: int = Field(default=3, ge=1)
    """Image channels."""

    kernels: list[int] = Field(default=[1, 3, 5, 7, 9], min_length=1)
    """Sides of the kernels of the multi-scale layer, in pixels; the first have 32 feature maps, the
    others 8 more each."""

    damping: bool = True
    """Whether a gate of three 1x1 convolutions lets through of each feature what noise has not
    spoilt."""

    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of the features that are dropped at random while the network is trained."""

    @field_validator("kernels")
    @classmethod
    def _have_a_middle(cls, kernels: list[int]) -> list[int]:
        if any(side < 1 or side % 2 == 0 for side in kernels):
            raise ValueError("a kernel has a pixel in its middle: its side is odd")
        return kernels
