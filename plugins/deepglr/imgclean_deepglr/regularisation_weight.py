"""CNN_mu: how strongly each patch is regularised."""

from __future__ import annotations

from torch import Tensor, nn

from imgclean_deepglr.convolution import convolution_and_relu
from imgclean_deepglr.lattice import SIDE

_FEATURES = 32
_FIRST_MU = 1.0  # a ReLU that gives nothing learns nothing


class RegularisationWeight(nn.Module):
    """Four convolutions, three poolings and two layers behind them (Figure 4): 37,921 parameters.

    Args:
        channels: of the image.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        pooled = [nn.MaxPool2d(2), *convolution_and_relu(_FEATURES, _FEATURES)]
        first = [
            *convolution_and_relu(channels, _FEATURES),
            *convolution_and_relu(_FEATURES, _FEATURES),
        ]
        self.features = nn.Sequential(
            *first,
            *pooled,
            nn.MaxPool2d(2),
            *convolution_and_relu(_FEATURES, _FEATURES),
            nn.MaxPool2d(2),
        )
        side = SIDE // 2 // 2 // 2
        self.decide = nn.Sequential(
            nn.Linear(_FEATURES * side * side, _FEATURES),
            nn.ReLU(inplace=True),
            nn.Linear(_FEATURES, 1),
            nn.ReLU(inplace=True),
        )
        nn.init.constant_(self.decide[2].bias, _FIRST_MU)  # type: ignore[arg-type]

    def forward(self, patches: Tensor) -> Tensor:
        """Return mu, float[P] from 0 on, of float[P, C, 26, 26]."""
        mu: Tensor = self.decide(self.features(patches).flatten(1)).squeeze(1)
        return mu
