"""A plugin that runs a shell command at a known moment, and returns its input otherwise.

MEDDLE_BEFORE: once the files of a run are planned, and none is read.
MEDDLE_DURING: while tile number MEDDLE_TILE is computed; by default the first, when none is
written.
"""

import os
import subprocess

from pydantic import BaseModel
from torch import Tensor, nn

from imgclean import ModelInfo, Tiling, hookimpl


class MeddlingOptions(BaseModel):
    """There is nothing to choose."""


class Meddling(nn.Module):
    """Returns its input."""

    def __init__(self) -> None:
        super().__init__()
        self._tiles = 0
        _run("MEDDLE_BEFORE")

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:
        """Return float[N, C, H, W]."""
        self._tiles += 1
        if self._tiles == int(os.environ.get("MEDDLE_TILE", "1")):
            _run("MEDDLE_DURING")
        return x


MEDDLING = ModelInfo(
    name="meddling",
    title="Its input, and trouble",
    paper="none",
    factory="imgclean_meddling:Meddling",
    options="imgclean_meddling:MeddlingOptions",
    tiling=Tiling(halo=3),
    needs_weights=False,
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer the model."""
    return [MEDDLING]


def _run(variable: str) -> None:
    command = os.environ.get(variable)
    if command:
        subprocess.run(["sh", "-c", command], check=True)
