"""A network that looks beyond a pixel only in the image itself, computed strip by strip.

Its many feature maps then stay in the processor's cache from layer to layer, and no pixel is
computed twice: a strip's context is a few rows of the image.
"""

from __future__ import annotations

import copy
import operator
from typing import TYPE_CHECKING

import torch
from torch import fx, nn
from torch.nn import functional

from imgclean.inference.preparation.fusion import changes_its_input
from imgclean.inference.preparation.geometry import geometry_of, keeps_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.fx.node import Argument

_FEWEST = 4  # so that a trial on a small image shows how little memory a large one takes

_LAYERS = (nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Dropout, nn.Identity)
_FUNCTIONS = (
    operator.add,
    operator.sub,
    operator.mul,
    torch.add,
    torch.sub,
    torch.mul,
    torch.relu,
    torch.sigmoid,
    torch.tanh,
    functional.relu,
    functional.leaky_relu,
)
_METHODS = ("add", "sub", "mul", "relu", "sigmoid", "tanh")


class InStrips(nn.Module):
    """Computes a graph strip by strip.

    Args:
        graph: as `for_strips` leaves it: float[N, C, h + 2 context, w] to float[N, C', h, w].
        context: rows that it needs above and below.
        pixels: that a strip has about.
    """

    def __init__(self, graph: nn.Module, context: int, pixels: int) -> None:
        super().__init__()
        self._graph = graph
        self._context = context
        self._pixels = pixels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the network makes of float[N, C, H, W]."""
        height, width = x.shape[2:]
        rows = max(1, min(self._pixels // width, height // _FEWEST))
        padded = functional.pad(x, (0, 0, self._context, self._context))
        strips = [
            self._graph(padded[:, :, top : min(top + rows, height) + 2 * self._context])
            for top in range(0, height, rows)
        ]
        return torch.cat(strips, 2)


def for_strips(graph: fx.GraphModule) -> int:
    """Change a graph, in place, into one that takes a strip and its context, and return that.

    The context is in rows. 0 if the graph does what strips cannot have, or gains nothing by them:
    it sees more than a pixel in another layer than those on the image, or multiplies most in
    these. It then stays as it is.
    """
    if any(not node.users and changes_its_input(graph, node) for node in graph.graph.nodes):
        return 0  # what nobody reads is no dead code where it changes what others read
    graph.graph.eliminate_dead_code()  # a noise level that a blind network does not look at
    layers = {node: layer for node in graph.graph.nodes if (layer := _convolution(graph, node))}
    seeing = {node: layer for node, layer in layers.items() if max(layer.kernel_size) > 1}
    reaches = {node: geometry_of(layer)[0][0] for node, layer in seeing.items()}
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    context = max(reaches.values(), default=0)
    if len(inputs) != 1 or not context or 2 * _weights(seeing) > _weights(layers):
        return 0
    (image,) = inputs
    if not all(
        node.args == (image,) if node in seeing else _is_of_single_pixels(graph, node)
        for node in graph.graph.nodes
    ) or not all(each.padding_mode == "zeros" and keeps_size(each) for each in layers.values()):
        return 0
    for node in list(image.users):
        if node in seeing:
            graph.set_submodule(str(node.target), _without_rows_of_zeros(seeing[node]))
        cut = context - reaches.get(node, 0)
        if cut:
            with graph.graph.inserting_before(node):
                window = (slice(None), slice(None), slice(cut, -cut))
                rows = graph.graph.call_function(operator.getitem, (image, window))
            node.replace_input_with(image, rows)
    graph.recompile()
    return context


def _weights(layers: Mapping[fx.Node, nn.Conv2d]) -> int:
    return sum(layer.weight.numel() for layer in layers.values())


def _convolution(graph: fx.GraphModule, node: fx.Node) -> nn.Conv2d | None:
    if node.op != "call_module":
        return None
    layer = graph.get_submodule(str(node.target))
    return layer if type(layer) is nn.Conv2d else None


def _is_of_single_pixels(graph: fx.GraphModule, node: fx.Node) -> bool:
    """Whether each pixel of what a node returns depends on that pixel only."""
    if node.op in ("placeholder", "output"):
        return True
    if _convolution(graph, node) is not None:
        return True
    if node.op == "call_module":
        return type(graph.get_submodule(str(node.target))) in _LAYERS
    if node.op == "call_method":
        return node.target in _METHODS
    if node.target is torch.cat:
        return bool(_axis(node) == 1)
    return node.op == "call_function" and node.target in _FUNCTIONS


def _axis(node: fx.Node) -> Argument:
    return node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)


def _without_rows_of_zeros(layer: nn.Conv2d) -> nn.Conv2d:
    """Return a convolution whose context above and below is given to it."""
    padding, _, _, _ = geometry_of(layer)
    open_layer = copy.copy(layer)
    open_layer.padding = (0, padding[1])
    return open_layer
