"""A plain stack of convolutions and batch norms, as a checkpoint has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from imgclean.errors import WeightsIncompatible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

_CONVOLUTION = frozenset({"weight", "bias"})
_STATISTICS = frozenset({"weight", "bias", "running_mean", "running_var"})
_MOMENTS = frozenset({"weight", "bias", "moments"})  # MatConvNet's
_EPSILON = 1e-5  # of `torch.nn.BatchNorm2d`


@dataclass(slots=True)
class Layer:
    """A convolution with the batch norm after it, if there is one.

    Attributes:
        name: of the convolution in the checkpoint.
        weight: float[out, in, height, width].
        bias: float[out].
        norm: weight, bias, running_mean and running_var, float[out] each.
    """

    name: str
    weight: Tensor
    bias: Tensor
    norm: dict[str, Tensor] | None = None

    def tensors(self, at: int) -> dict[str, Tensor]:
        """Return it as `DnCNN` has it, the convolution at this place of its layers.

        There a convolution before a batch norm has no bias: what it adds shifts the mean.
        """
        if self.norm is None:
            return {f"layers.{at}.weight": self.weight, f"layers.{at}.bias": self.bias}
        norm = self.norm | {"running_mean": self.norm["running_mean"] - self.bias}
        own = {f"layers.{at + 1}.{name}": each for name, each in norm.items()}
        return {f"layers.{at}.weight": self.weight} | own


@dataclass(slots=True)
class Stack:
    """The layers in order.

    Attributes:
        convolutions: all of them.
        unknown: names of tensors that are part of no convolution and of no batch norm.
    """

    convolutions: list[Layer] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def channels_in(self) -> int:
        """Of the first convolution."""
        return self.convolutions[0].weight.shape[1]

    @property
    def channels_out(self) -> int:
        """Of the last one."""
        return self.convolutions[-1].weight.shape[0]

    @property
    def width(self) -> int:
        """The most channels that a convolution gives."""
        return max(each.weight.shape[0] for each in self.convolutions)

    @property
    def kernels(self) -> set[tuple[int, ...]]:
        """Heights and widths."""
        return {tuple(each.weight.shape[2:]) for each in self.convolutions}

    @property
    def has_batch_norm(self) -> bool:
        """Whether any layer has one."""
        return any(each.norm for each in self.convolutions)

    @property
    def awaits_norm(self) -> bool:
        """Whether a batch norm may come next."""
        return bool(self.convolutions) and self.convolutions[-1].norm is None

    def require_order(self) -> None:
        """Refuse a stack whose convolutions do not follow each other as in a DnCNN.

        Raises:
            WeightsIncompatible: channels do not match, or batch norms are not where they should be.
        """
        width = self.width
        for before, after in pairwise(self.convolutions):
            if before.weight.shape[0] != width or after.weight.shape[1] != width:
                raise WeightsIncompatible(f"{after.name} does not take what {before.name} gives")
        first, *inner, last = self.convolutions
        norms = {each.norm is not None for each in inner}
        if first.norm or last.norm or len(norms) > 1:
            raise WeightsIncompatible(
                "a DnCNN has a batch norm after each inner convolution or none"
            )

    def negate(self) -> None:
        """Let the stack give the negative of what it gives."""
        last = self.convolutions[-1]
        last.weight, last.bias = -last.weight, -last.bias

    def tensors(self) -> dict[str, Tensor]:
        """Return the state dict of a `DnCNN`."""
        tensors: dict[str, Tensor] = {}
        at = 0
        for each in self.convolutions:
            tensors |= each.tensors(at)
            at += 2 if each.norm is None else 3
        return tensors


def stack_of(tensors: Mapping[str, Tensor], layers: Sequence[str]) -> Stack:
    """Return the convolutions among these layers with their batch norms, in this order.

    Raises:
        WeightsIncompatible: a bias or a statistic has not as many values as there are channels.
    """
    stack = Stack()
    parts: dict[str, dict[str, Tensor]] = {name: {} for name in layers}
    for name, tensor in tensors.items():
        layer, _, part = name.rpartition(".")
        parts[layer][part] = tensor
    for name, own in parts.items():
        weight = own.get("weight")
        if weight is not None and weight.ndim == 4:
            bias = own.get("bias", weight.new_zeros(len(weight)))
            _require_vectors(name, {"bias": bias}, len(weight))
            stack.convolutions.append(Layer(name, weight, bias))
            stack.unknown += [f"{name}.{part}" for part in sorted(own.keys() - _CONVOLUTION)]
        elif own.keys() in (_STATISTICS, _MOMENTS) and stack.awaits_norm:
            before = stack.convolutions[-1]
            before.norm = _norm(name, own, len(before.weight))
        else:
            stack.unknown += [f"{name}.{part}".lstrip(".") for part in own]
    return stack


def _norm(name: str, own: dict[str, Tensor], channels: int) -> dict[str, Tensor]:
    """Return a batch norm's tensors as torch has them."""
    own = dict(own)
    if "moments" in own:
        moments = own.pop("moments")
        if moments.shape != (channels, 2):
            raise WeightsIncompatible(f"{name}.moments is of the shape {tuple(moments.shape)}")
        own["running_mean"] = moments[:, 0]
        deviation = moments[:, 1].double()  # the root of the variance and epsilon
        own["running_var"] = (deviation**2 - _EPSILON).clamp(min=0).float()
    _require_vectors(name, own, channels)
    return own


def _require_vectors(name: str, parts: Mapping[str, Tensor], channels: int) -> None:
    for part, tensor in parts.items():
        if tensor.shape != torch.Size([channels]):
            raise WeightsIncompatible(
                f"{name}.{part} is of the shape {tuple(tensor.shape)}, not ({channels},)"
            )
