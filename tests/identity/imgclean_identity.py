"""A plugin whose model returns its input: what is not equal afterwards, the program changed."""

from pydantic import BaseModel
from torch import Tensor, nn

from imgclean import ModelInfo, Tiling, hookimpl


class IdentityOptions(BaseModel):
    """There is nothing to choose."""


class Identity(nn.Module):
    """Returns its input."""

    def forward(self, x: Tensor, sigma: Tensor | None = None) -> Tensor:
        """Return float[N, C, H, W]."""
        return x


IDENTITY = ModelInfo(
    name="identity",
    title="Its input",
    paper="none",
    factory="imgclean_identity:Identity",
    options="imgclean_identity:IdentityOptions",
    tiling=Tiling(halo=3),
    tasks=("denoise", "deblock", "upscale"),
    needs_weights=False,
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer the model."""
    return [IDENTITY]
