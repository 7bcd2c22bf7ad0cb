"""What can be chosen of a DeepGLR."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

OWN_PREFILTERS = ("light", "none")


class DeepGLROptions(BaseModel):
    """Options of the network; the defaults are the paper's for colour images."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    channels: int = Field(default=3, ge=1)
    """Image channels."""

    blocks: int = Field(default=4, ge=1)
    """GLRNets in a row, T in the paper, which share all parameters; one is GLRNet."""

    prefilter: str = "light"
    """What the layer filters on: the result of the paper's four convolutions (`light`), the block's
    input as it is (`none`, -PR), or what an installed model makes of it, as `dncnn` (-PC)."""

    prefilter_options: dict[str, Any] = {}
    """Options of the installed model that is the pre-filter."""

    exemplars: Literal["hourglass", "prefiltered"] = "hourglass"
    """What the graph's weights compare: a network's feature maps, or the pre-filtered image
    itself (-FR)."""

    epsilon: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Distance of exemplars at which a weight has fallen to 0.61."""

    condition: float = Field(default=250.0, gt=1, allow_inf_nan=False)
    """Largest condition number of a patch's system, which bounds mu (equation 8)."""

    @property
    def options_of_prefilter(self) -> dict[str, Any]:
        """All options of the installed model that is the pre-filter."""
        return {"channels": self.channels} | self.prefilter_options
