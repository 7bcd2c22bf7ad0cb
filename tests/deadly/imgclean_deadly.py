"""A plugin whose model inverts images, slowly if asked to, and ends its process on some.

A black one ends it at once, a white one by an exception that is no file's.
DEADLY_SECONDS: how long a tile takes.
An image that is inverted twice is as it was, so that a second cleaning shows.
"""

import os
import time

from pydantic import BaseModel
from torch import Tensor, nn

from imgclean import ModelInfo, Tiling, hookimpl


class DeadlyOptions(BaseModel):
    """There is nothing to choose."""


class Deadly(nn.Module):
    """Inverts its input."""

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:
        """Return float[N, C, H, W]."""
        if not x.any():
            os._exit(9)
        if (x == 1).all():
            raise SystemExit("white")
        time.sleep(float(os.environ.get("DEADLY_SECONDS", "0")))
        return 1 - x


DEADLY = ModelInfo(
    name="deadly",
    title="The opposite",
    paper="none",
    factory="imgclean_deadly:Deadly",
    options="imgclean_deadly:DeadlyOptions",
    tiling=Tiling(halo=3),
    needs_weights=False,
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer the model."""
    return [DEADLY]
