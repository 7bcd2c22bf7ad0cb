"""A gate, features * sigmoid(conv(x)), with fewer passes over memory.

oneDNN computes the sigmoid with the convolution; the product overwrites it.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import torch
from torch import nn

from imgclean.inference.preparation.fusion import changes_its_input
from imgclean.inference.preparation.packed_convolution import PackedConvolution
from imgclean.inference.preparation.pointwise_convolution import PointwiseConvolution

if TYPE_CHECKING:
    from torch import fx

_KINDS = (PackedConvolution, PointwiseConvolution)
_PRODUCTS = {"call_function": (operator.mul, torch.mul), "call_method": ("mul",)}
_SIGMOIDS = {"call_function": (torch.sigmoid,), "call_method": ("sigmoid",)}


class GatedConvolution(nn.Module):
    """out = features * sigmoid(conv(x) + bias).

    Args:
        convolution: with no activation.
    """

    def __init__(self, convolution: PackedConvolution | PointwiseConvolution) -> None:
        super().__init__()
        self._convolution = convolution

    def forward(self, x: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return float[N, C', H', W'].

        Args:
            x: float[N, C, H, W], of any float type.
            features: of the result's shape, or one that is broadcast as torch does it.
        """
        gate = self._convolution.activated(x, "sigmoid")
        if gate.shape == features.shape and gate.dtype == features.dtype:
            return gate.mul_(features)
        return gate * features


def fuse_gates(graph: fx.GraphModule) -> None:
    """Replace, in place, each product with a sigmoid of a packed convolution.

    Args:
        graph: as `fuse_convolutions` leaves it.
    """
    for product in list(graph.graph.nodes):
        factors = product.args
        if product.target not in _PRODUCTS.get(product.op, ()) or len(product.all_input_nodes) != 2:
            continue
        if len(factors) != 2:  # one is a keyword
            continue
        for sigmoid, features in (factors, factors[::-1]):
            call = _convolution_before(graph, sigmoid)
            if call is not None and not _is_disturbed(graph, call, product):
                _replace(graph, product, sigmoid, call, features)
                break
    graph.delete_all_unused_submodules()
    graph.recompile()


def _replace(
    graph: fx.GraphModule, product: fx.Node, sigmoid: fx.Node, call: fx.Node, features: fx.Node
) -> None:
    name = f"gated_{product.name}"
    convolution = graph.get_submodule(str(call.target))
    assert isinstance(convolution, _KINDS)  # noqa: S101 - for the type
    graph.add_module(name, GatedConvolution(convolution))
    with graph.graph.inserting_before(product):
        gated = graph.graph.call_module(name, (*call.args, features))
    product.replace_all_uses_with(gated)
    for node in (product, sigmoid, call):
        graph.graph.erase_node(node)


def _is_disturbed(graph: fx.GraphModule, call: fx.Node, product: fx.Node) -> bool:
    """Whether something between them changes in place what the convolution reads."""
    nodes = list(graph.graph.nodes)
    between = nodes[nodes.index(call) + 1 : nodes.index(product)]
    return any(changes_its_input(graph, each) for each in between)


def _convolution_before(graph: fx.GraphModule, sigmoid: fx.Node) -> fx.Node | None:
    """Return what calls the convolution whose sigmoid that is, if only this sees its result."""
    if len(sigmoid.users) != 1 or len(sigmoid.all_input_nodes) != 1:
        return None
    (call,) = sigmoid.all_input_nodes
    if not _is_sigmoid(graph, sigmoid) or call.op != "call_module" or len(call.users) != 1:
        return None
    layer = graph.get_submodule(str(call.target))
    is_alone = isinstance(layer, _KINDS) and layer.slope == 1 and len(call.args) == 1
    return call if is_alone and not call.kwargs else None


def _is_sigmoid(graph: fx.GraphModule, node: fx.Node) -> bool:
    if node.op == "call_module":
        return type(graph.get_submodule(str(node.target))) is nn.Sigmoid
    return node.target in _SIGMOIDS.get(node.op, ())
