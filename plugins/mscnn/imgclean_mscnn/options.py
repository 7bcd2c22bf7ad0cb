"""What can be chosen of a multi-scale CNN."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _odd(size: int) -> int:
    if size % 2 == 0:
        raise ValueError("a kernel has a pixel in its middle: its side is odd")
    return size


_Kernel = Annotated[int, Field(ge=1), AfterValidator(_odd)]


class MSCNNOptions(BaseModel):
    """Options of the multi-scale CNN; the defaults are the paper's, for colour images."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    channels: int = Field(default=3, ge=1)
    """Image channels."""

    kernels: list[_Kernel] = Field(default=[1, 3, 5, 7, 9], min_length=1)
    """Sides of the kernels of the multi-scale layer, in pixels; the first have 32 feature maps, the
    others 8 more each."""

    damping: bool = True
    """Whether a gate of three 1x1 convolutions lets through of each feature what noise has not
    spoilt."""

    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of the features that are dropped at random while the network is trained."""
