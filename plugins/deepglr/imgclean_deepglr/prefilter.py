"""CNN_Y: what the graph filters is not the noisy image, but what a light network makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from imgclean.weightsets.inner_model import inner_model, inner_network, inner_tiling
from imgclean_deepglr.convolution import convolution, convolution_and_relu
from imgclean_deepglr.options import OWN_PREFILTERS

if TYPE_CHECKING:
    from imgclean import ModelInfo
    from imgclean_deepglr.options import DeepGLROptions

_LIGHT_RADIUS = 4


class LightPrefilter(nn.Module):
    """Four convolutions that add to their input (Figure 4): 20,259 parameters for colour.

    Args:
        channels: of the image.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = convolution(32, channels)
        nn.init.zeros_(last.weight)  # it begins as the identity, block after block
        self.layers = nn.Sequential(
            *convolution_and_relu(channels, 32),
            *convolution_and_relu(32, 32),
            *convolution_and_relu(32, 32),
            last,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the image of a block, filtered, float[N, C, H, W]."""
        filtered: Tensor = x + self.layers(x)
        return filtered


class OtherPrefilter(nn.Module):
    """An installed model.

    Args:
        name: of the model.
        options: its own.

    Raises:
        UnknownModel: it is not installed.
        InvalidSetting: its options are not valid, or it needs passes of its own over an image.
    """

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        super().__init__()
        self.network = inner_network(_installed(name), options)

    def forward(self, x: Tensor) -> Tensor:
        """Return the image of a block, filtered, float[N, C, H, W]."""
        filtered: Tensor = self.network(x, None)
        return filtered


def make_prefilter(options: DeepGLROptions) -> nn.Module:
    """Return the pre-filter that the options name.

    Raises:
        UnknownModel, InvalidSetting: it cannot be made.
    """
    if options.prefilter == "light":
        return LightPrefilter(options.channels)
    if options.prefilter == "none":
        return nn.Identity()
    return OtherPrefilter(options.prefilter, options.options_of_prefilter)


def prefilter_radius(options: DeepGLROptions) -> int:
    """Return how far a pre-filtered pixel sees.

    Raises:
        UnknownModel, InvalidSetting: it is a model that is not installed, or not such a one.
    """
    if options.prefilter in OWN_PREFILTERS:
        return _LIGHT_RADIUS if options.prefilter == "light" else 0
    return inner_tiling(_installed(options.prefilter), options.options_of_prefilter).halo


def _installed(name: str) -> ModelInfo:
    return inner_model(name, part="DeepGLR's pre-filter", option="options.prefilter")
