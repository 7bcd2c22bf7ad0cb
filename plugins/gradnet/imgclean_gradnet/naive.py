"""The naive blocks: one of the paper's branches, another model, or a classical method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from imgclean.evaluation.baselines import make_baseline
from imgclean.weightsets.inner_model import inner_model, inner_network
from imgclean_gradnet.attention import over_the_image
from imgclean_gradnet.branch import Branch
from imgclean_gradnet.options import BRANCHES, CLASSICAL

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from imgclean import ModelInfo
    from imgclean_gradnet.options import GradNetOptions


class Classical(nn.Module):
    """A classical method, image by image on the CPU; it estimates the noise level itself.

    Args:
        name: of the method, see `make_baseline`.

    Raises:
        NoModelInstalled: a package that it needs is missing.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        make_baseline(name, None)

    def restore(self, planes: NDArray[np.float32], sigma: float | None) -> NDArray[np.float32]:
        """Return the clean image, float32[C, H, W]; `sigma` in units of [0, 1] or None."""
        return make_baseline(self.name, sigma).restore(planes, planes.dtype)

    def forward(self, x: Tensor, sigma: Tensor | None) -> Tensor:
        """Return the clean images, float[N, C, H, W], as `x` is."""
        levels = [None] * len(x) if sigma is None else sigma.tolist()
        images = x.detach().float().cpu().numpy()
        restored = [self.restore(*each) for each in zip(images, levels, strict=True)]
        return torch.from_numpy(np.stack(restored)).to(device=x.device, dtype=x.dtype)


class OtherModel(nn.Module):
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
        self.network = inner_network(model_of_naive(name), options)

    def forward(self, x: Tensor, sigma: Tensor | None) -> Tensor:
        """Return the clean images, float[N, C, H, W], as `x` is."""
        return self.network(x, sigma)  # type: ignore[no-any-return]


def model_of_naive(name: str) -> ModelInfo:
    """Return the installed model of that name.

    Raises:
        UnknownModel, AmbiguousModel, PluginBroken, InvalidSetting: see `inner_model`.
    """
    return inner_model(name, part="GradNet's naive block", option="options.naive")


NaiveBlock = Branch | OtherModel | Classical


def make_naive(options: GradNetOptions) -> NaiveBlock:
    """Return the naive block that the options name.

    Raises:
        UnknownModel, NoModelInstalled, InvalidSetting: it cannot be made.
    """
    for name in BRANCHES:
        if options.naive == name:
            return Branch(options, name, "none")
    if options.naive in CLASSICAL:
        return Classical(options.naive)
    return OtherModel(options.naive, options.options_of_naive)


def naive_result(naive: NaiveBlock | None, x: Tensor, sigma: Tensor | None) -> Tensor:
    """Return the naive block's clean images, float[N, C, H, W]; attention looks at the whole."""
    if naive is None:
        raise ValueError("there is no naive block")
    if isinstance(naive, Branch):
        return naive.clean(x, None, over_the_image)
    result: Tensor = naive(x, sigma)
    return result
