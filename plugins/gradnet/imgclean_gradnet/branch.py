"""From an image to an image: head, body, tail, and where the gradient comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from imgclean_gradnet.convolution import begin_small, convolution
from imgclean_gradnet.mskresnet import MSKResnetBody
from imgclean_gradnet.skdncnn import SKDnCNNBody

if TYPE_CHECKING:
    from imgclean_gradnet.attention import Attend
    from imgclean_gradnet.options import Backbone, Fusion, GradNetOptions


class Branch(nn.Module):
    """A denoising network, SKDnCNN or MSKResnet, that may take an image's gradient.

    MSKResnet's result is added to the noisy image; SKDnCNN's is the clean image. It has no
    `forward`, as `MSKResnetBody` has none.

    Args:
        options: sizes, image channels, batch norm.
        backbone: which of the two.
        fusion: where the gradient, of as many channels as the image, comes in.
    """

    def __init__(self, options: GradNetOptions, backbone: Backbone, fusion: Fusion) -> None:
        super().__init__()
        channels = options.channels
        self.fusion = fusion
        width = options.features + (channels if fusion == "features" else 0)
        self.head = nn.Sequential(
            convolution(channels * (2 if fusion == "input" else 1), options.features, bias=False),
            nn.ReLU(inplace=True),
        )
        self.body: MSKResnetBody | SKDnCNNBody
        if backbone == "skdncnn":
            self.body = SKDnCNNBody(width, options.depth - 2, batch_norm=options.batch_norm)
        else:
            self.body = MSKResnetBody(
                width, options.modules, options.units, batch_norm=options.batch_norm
            )
        late = channels if fusion == "late" else 0
        self.tail = convolution(self.body.width + late, channels, bias=False)
        begin_small(self.tail)

    def clean(self, noisy: Tensor, gradient: Tensor | None, attend: Attend) -> Tensor:
        """Return the clean image.

        Args:
            noisy: float[N, C, H, W], nominally in [0, 1].
            gradient: magnitude of the gradient of each channel, of the same shape; not used
                without fusion.
            attend: what channel attention looks at.
        """
        result: Tensor = self.tail(
            self._fused("late", self.features(noisy, gradient, attend), gradient)
        )
        return noisy + result if isinstance(self.body, MSKResnetBody) else result

    def features(self, noisy: Tensor, gradient: Tensor | None, attend: Attend) -> Tensor:
        """Return what the body makes of the image."""
        features = self.begun(noisy, gradient)
        if isinstance(self.body, MSKResnetBody):
            return self.body.attended(features, attend)
        return self.body(features)  # type: ignore[no-any-return]

    def begun(self, noisy: Tensor, gradient: Tensor | None) -> Tensor:
        """Return what the body begins from: the first features, and the gradient beside them."""
        features = self.head(self._fused("input", noisy, gradient))
        return self._fused("features", features, gradient)

    def _fused(self, where: Fusion, x: Tensor, gradient: Tensor | None) -> Tensor:
        return x if self.fusion != where or gradient is None else torch.cat((x, gradient), 1)
