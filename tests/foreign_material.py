"""DnCNNs as others' code stores them, and what they compute, in plain functions of torch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import batch_norm, conv2d, relu

if TYPE_CHECKING:
    from pathlib import Path

NORM = ("weight", "bias", "running_mean", "running_var")


@dataclass
class Conv:
    """A convolution: weight [out, in, 3, 3], bias [out] or None, and a batch norm or None."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    norm: dict[str, torch.Tensor] | None = None


def random_stack(depth=17, channels=1, *, width=64, norm=False, bias=True, seed=0):
    """Return convolutions with random weights, biases and statistics."""
    random = torch.Generator().manual_seed(seed)

    def draw(*shape, low=-0.1, high=0.1):
        return low + (high - low) * torch.rand(shape, generator=random)

    sizes = [channels, *[width] * (depth - 1), channels]
    stack = []
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        weight = torch.randn(outputs, inputs, 3, 3, generator=random) * (2 / (9 * inputs)) ** 0.5
        each = Conv(weight, draw(outputs) if bias else None)
        if norm and 0 < index < depth - 1:
            each.norm = {
                "weight": draw(outputs, low=0.6, high=1.4),
                "bias": draw(outputs),
                "running_mean": draw(outputs, low=-0.3, high=0.3),
                "running_var": draw(outputs, low=0.5, high=2.0),
            }
        stack.append(each)
    return stack


def residual(stack, x):
    """Return what the stack computes: the noise, or its negative."""
    for index, each in enumerate(stack):
        x = conv2d(x, each.weight, each.bias, padding=1)
        if each.norm:
            norm = each.norm
            mean, var = norm["running_mean"], norm["running_var"]
            x = batch_norm(x, mean, var, norm["weight"], norm["bias"], eps=1e-5)
        if index < len(stack) - 1:
            x = relu(x)
    return x


def numbered(stack, prefix):
    """Return a state dict as of a `torch.nn.Sequential` of conv, batch norm and ReLU."""
    tensors, at = {}, 0
    for each in stack:
        tensors[f"{prefix}{at}.weight"] = each.weight
        if each.bias is not None:
            tensors[f"{prefix}{at}.bias"] = each.bias
        if each.norm:
            tensors |= {f"{prefix}{at + 1}.{name}": each.norm[name] for name in NORM}
            tensors[f"{prefix}{at + 1}.num_batches_tracked"] = torch.tensor(1000)
        at += 3 if each.norm else 2
    return tensors


def deepinv(stack):
    """Return a state dict as deepinv's DnCNN has it."""
    names = ["in_conv", *(f"conv_list.{index}" for index in range(len(stack) - 2)), "out_conv"]
    tensors = {}
    for name, each in zip(names, stack, strict=True):
        tensors[f"{name}.weight"] = each.weight
        if each.bias is not None:
            tensors[f"{name}.bias"] = each.bias
    return tensors


def save(path, saved, **settings) -> Path:
    torch.save(saved, path, **settings)
    return path
