"""VGG19 as a discriminator: its convolutions, and three layers of its own (Section 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from imgclean.errors import ImgcleanError, InvalidSetting
from imgclean.weightsets.catalogue import installed
from imgclean.weightsets.foreign.vgg19 import LAYERS, read_vgg19
from imgclean.weightsets.hub.sets import pull_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

CATALOGUED = "vgg19-imagenet"
_LEAST = 2**5  # pixels that five poolings leave one of
_CELLS = 2  # that a patch of 64x64 has on each side behind them: 512 maps of 2x2 are 2048 features


class VGG19Discriminator(nn.Module):
    """Tells clean patches from denoised ones.

    Sixteen convolutions, as Simonyan and Zisserman 2015 have them (Table 1, column E), and in the
    place of VGG19's last layers three of 2048, 1024 and 2. A patch of 64x64 pixels has the 2048
    features that they take; of another size, means are taken.

    Args:
        channels: of the images; gray ones are shown as colour.
        convolutions: ImageNet's, as `read_vgg19` has them, which stay as they are; or None, and
            they begin fresh and are trained too.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, channels: int, convolutions: Mapping[str, Tensor] | None = None) -> None:
        super().__init__()
        if channels not in (1, 3):
            raise InvalidSetting(f"VGG19 judges gray and colour images, not {channels} channels")
        self.features = _convolutions()
        self.judge = nn.Sequential(
            nn.AdaptiveAvgPool2d(_CELLS),
            nn.Flatten(),
            nn.Linear(512 * _CELLS**2, 2048),
            nn.ReLU(inplace=True),
            nn.Linear(2048, 1024),
            nn.ReLU(inplace=True),
            nn.Linear(1024, 2),
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        if convolutions is not None:
            named = {name.removeprefix("features."): each for name, each in convolutions.items()}
            self.features.load_state_dict(named)
            self.features.requires_grad_(requires_grad=False)
        self.register_buffer("mean", _channels(0.485, 0.456, 0.406), persistent=False)
        self.register_buffer("deviation", _channels(0.229, 0.224, 0.225), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float[N, 2]: that a patch is denoised, and that it is clean.

        Args:
            images: float[N, channels, H, W] in [0, 1], H and W at least 32.

        Raises:
            InvalidSetting: they are smaller.
        """
        least = min(images.shape[2:])
        if least < _LEAST:
            raise InvalidSetting(
                f"VGG19 judges patches of {_LEAST} pixels and more, not of {least}",
                hint="the paper's have 64: --set patch=64",
            )
        normal = (images.expand(-1, 3, -1, -1) - self.mean) / self.deviation
        logits: Tensor = self.judge(self.features(normal))
        return logits


def pretrained(channels: int) -> VGG19Discriminator:
    """Return a discriminator with ImageNet's convolutions, which are fetched from the Hub once.

    Raises:
        ImgcleanError: they are not here and cannot be fetched; the hint has the way without them.
    """
    try:
        found = read_vgg19(pull_entry(CATALOGUED, installed().available[CATALOGUED]))
    except ImgcleanError as error:
        way = "or --discriminator scratch trains its convolutions too"
        raise type(error)(
            f"the discriminator wants VGG19's weights: {error}",
            hint=f"{error.hint}; {way}" if error.hint else way,
        ) from error
    return VGG19Discriminator(channels, found)


def scratch(channels: int) -> VGG19Discriminator:
    """Return a discriminator whose convolutions begin fresh and are trained too."""
    return VGG19Discriminator(channels)


def _convolutions() -> nn.Sequential:
    """Return VGG19's, numbered as torchvision and timm number them."""
    layers: list[nn.Module] = []
    inputs = 3
    for width in LAYERS:
        if width:
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = width
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def _channels(red: float, green: float, blue: float) -> Tensor:
    return torch.tensor([red, green, blue]).view(3, 1, 1)
